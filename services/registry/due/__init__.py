"""The five-year rule: who is due for assessment, and whom to propose for a round."""
