"""What the batch tests submit: counts on Spark as far as its argument says."""

import sys

from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print("counted", spark.range(int(sys.argv[1])).count())
spark.stop()
