"""The programs for tables: regression, classification, anomalies and predict."""
