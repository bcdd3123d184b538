"""The routes, one module an area. Each names the right that it needs."""
