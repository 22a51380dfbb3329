"""The program of the batch tests: counts on Spark up to its argument."""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print("counted", spark.range(int(sys.argv[1])).count())
spark.stop()
