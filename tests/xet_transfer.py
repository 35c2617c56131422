"""Moves files with hf_xet in a process of its own, with a cache of its own: the answer is JSON on standard output.

  xet_transfer.py ENDPOINT TOKEN EXPIRES upload FILE…
  xet_transfer.py ENDPOINT TOKEN EXPIRES download HASH SIZE TARGET [HASH SIZE TARGET]…
"""

import json
import sys

import hf_xet


def upload(connection, files):
    session = hf_xet.XetSession()
    with session.new_upload_commit(**connection) as commit:
        handles = [commit.start_upload_file(file, sha256=hf_xet.COMPUTE_SHA256) for file in files]
    answers = []
    for result in (handle.result() for handle in handles):
        info, metrics = result.xet_info, result.dedup_metrics
        answers.append({"hash": info.hash, "sha256": info.sha256, "size": info.file_size, "new_bytes": metrics.new_bytes if metrics else None})
    return answers


def download(connection, words):
    session = hf_xet.XetSession()
    with session.new_file_download_group(**connection) as group:
        for i in range(0, len(words), 3):
            group.start_download_file(hf_xet.XetFileInfo(words[i], int(words[i + 1])), words[i + 2])
    return []


if __name__ == "__main__":
    endpoint, token, expires, verb, *rest = sys.argv[1:]
    connection = {"endpoint": endpoint, "token": token, "token_expiry_unix_secs": int(expires)}
    print(json.dumps({"upload": upload, "download": download}[verb](connection, rest)))
