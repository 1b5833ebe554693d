"""Apache Airflow provider for the generation gateways Rivya and ToAPIs."""

__version__ = "0.1.0"
