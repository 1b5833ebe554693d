"""``rivya batch ...``: many rows, without Airflow's scheduler."""
