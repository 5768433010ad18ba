"""How a sealed credential reaches its holder: attempts, short codes, their mail, the one reveal."""
