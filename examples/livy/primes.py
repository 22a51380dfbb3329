"""Uses a Spark session through Livy's API: keeps variables, downloads a table as a data frame, handles an error.

    python primes.py

The client is the unmodified `livy` 0.8.0 from PyPI. Set STINT_URL to the server's address and STINT_TOKEN to your token. The
exit code is 0 only if the answers were right.
"""

import os
import sys

from livy import LivySession, SessionKind, SparkRuntimeError

LIMIT = 10_000

FIND_PRIMES = f"""
numbers = spark.range(2, {LIMIT}).withColumnRenamed("id", "n")
divisors = spark.range(2, int({LIMIT} ** 0.5) + 1).withColumnRenamed("id", "d")
composite = numbers.join(divisors, (numbers.n % divisors.d == 0) & (numbers.n > divisors.d)).select("n").distinct()
primes = numbers.subtract(composite).cache()
"""
LAST_DIGITS = "ends = primes.groupBy((primes.n % 10).alias('digit')).count().orderBy('digit')"


class Bearer:
    """Adds the token to requests. HTTP Basic works too: `auth=("your name", token)`."""

    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def main():
    url = os.environ["STINT_URL"].rstrip("/") + "/livy"
    auth = Bearer(os.environ["STINT_TOKEN"])

    print("Starting Spark…")
    conf = {"spark.sql.shuffle.partitions": "4"}  # little data needs few partitions
    with LivySession.create(url, auth=auth, kind=SessionKind.PYSPARK, spark_conf=conf, echo=False) as session:
        print(f"Session {session.session_id} is {session.state.value}: a Spark driver of its own")

        session.run(FIND_PRIMES)
        count = int(session.run("print(primes.count())").text)
        print(f"\n{count} primes below {LIMIT}")

        session.run(LAST_DIGITS)
        ends = session.download("ends")
        for digit, found in zip(ends["digit"], ends["count"], strict=True):
            print(f"  end in {digit}  {'█' * round(found / 10):<32}{found:>5}")

        mistake = None
        try:
            session.run("primes.filter('nowhere > 1')")
        except SparkRuntimeError as error:
            mistake = error
            print(f"\nA column that does not exist: {error.ename}")
        still = session.run("primes.first() is not None").text
        print(f"The session continues after that: {still}")
    # Leaving the block deleted the session: its process ends and the slot is free.

    if count != 1229 or int(ends["count"].sum()) != count:
        sys.exit("\nWrong: there are 1229 primes below 10000.")
    if mistake is None or still != "True":
        sys.exit("\nWrong: a column that does not exist is an error, and the session continues after it.")


if __name__ == "__main__":
    main()
