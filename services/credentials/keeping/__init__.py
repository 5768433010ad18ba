"""Keys of the vault and what becomes of them: the code key, rotation of the master key, erasure of holders."""
