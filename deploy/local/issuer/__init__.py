"""An OpenID Connect issuer for development: gives any role to whoever knows the development secret."""
