"""Activation sheets: paper that lets a holder without a token begin its claim. It never holds the credential."""
