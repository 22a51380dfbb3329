"""The programs for time series: forecast and impact."""
