"""moto's S3 in a process of its own: prints its port and its one user's keys, and serves until its input ends.

What comes in after that is held to that user's keys by botocore's own signatures, and to that user's rights.
"""

import json
import os
import sys

import boto3
from moto import settings
from moto.server import ThreadedMotoServer

BUCKETS = ("wenshu", "other")


def main() -> None:
    sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 (werkzeug's line for each request)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made = {
        "endpoint_url": f"http://{host}:{port}",
        "region_name": "us-east-1",
        "aws_access_key_id": "setup",
        "aws_secret_access_key": "setup",
    }
    s3 = boto3.client("s3", **made)
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
    iam = boto3.client("iam", **made)
    iam.create_user(UserName="wenshu")
    rights = {"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::wenshu*", "arn:aws:s3:::missing*"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    iam.put_user_policy(UserName="wenshu", PolicyName="own", PolicyDocument=policy)
    key = iam.create_access_key(UserName="wenshu")["AccessKey"]
    settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
    print(json.dumps({"port": port, "id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}), flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
