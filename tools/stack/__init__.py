"""A local Airflow of single components, for the demo, for clicking around and for the end-to-end tests."""
