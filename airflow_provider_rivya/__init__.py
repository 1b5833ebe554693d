"""Apache Airflow provider for the generation gateways Rivya and ToAPIs."""

__version__ = "0.9.0"
