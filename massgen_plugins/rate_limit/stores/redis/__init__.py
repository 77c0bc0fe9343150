"""Scopes in a Redis server, shared by many machines. Its client is imported when such a store is used."""
