"""The command line: ``rivya ...``, and ``airflow rivya ...`` from Airflow 3.2 on."""
