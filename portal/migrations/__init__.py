"""Steps that bring a database from one version to the next, applied in order by ``portal db upgrade``."""
