"""Signs requests with botocore. Each line of standard input is a request as JSON; the line of the answer has its signature,
and the scope and signature of a form's policy."""
import datetime
import json
import sys
from urllib.parse import quote

import botocore.auth
from botocore.auth import S3SigV4Auth, S3SigV4PostAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

now = None
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: now

for line in sys.stdin:
    case = json.loads(line)
    now = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=case["time"])
    keys = Credentials(case["accessKey"], case["secret"], case.get("token"))
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in case["query"])
    url = f"https://{case['host']}{quote(case['path'], safe='/')}?{query}"
    request = AWSRequest(method=case["method"], url=url, data=case["body"].encode())
    for name, value in case["headers"]:
        request.headers[name] = value
    kind = S3SigV4Auth if case["service"] == "s3" else SigV4Auth
    kind(keys, case["service"], case["region"]).add_auth(request)
    form = AWSRequest(method="POST", url=f"https://{case['host']}/")
    form.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    signer = S3SigV4PostAuth(keys, "s3", case["region"])
    answer = {
        "signature": request.headers["Authorization"].rsplit("Signature=", 1)[1],
        "credential": signer.scope(form),
        "formSignature": signer.signature(case["policy"], form),
    }
    print(json.dumps(answer), flush=True)
