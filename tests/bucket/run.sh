#!/usr/bin/env bash
# The workflow with a bucket as its storage and nothing shared, as on Kubernetes: a tiny run against an S3 server on this machine
# (moto, installed below a temporary folder with the plug-ins), compared file by file with a run in a folder. Then a dry run of
# profiles/kubernetes. Not part of the tests: bash tests/bucket/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
server=
trap '[[ $server ]] && kill $server; [[ ${KEEP:-} ]] && echo "kept: $work" || rm -rf "$work"' EXIT

.venv/bin/uv venv --quiet --system-site-packages --python "$root/.venv/bin/python" "$work/env"
.venv/bin/uv pip install --quiet --system-certs --python "$work/env/bin/python" "moto[server,s3]" snakemake-storage-plugin-s3 \
    snakemake-executor-plugin-kubernetes snakemake
export PYTHONPATH="$root/src:$(echo "$root"/.venv/lib/python3*/site-packages)"
"$work/env/bin/moto_server" -H 127.0.0.1 -p 5599 > "$work/moto.log" 2>&1 &
server=$!
for _ in $(seq 60); do curl --silent --output /dev/null -X PUT http://127.0.0.1:5599/bucket && break; sleep 1; done

cat > "$work/config.yaml" << CONF
title: tiny
expected_minutes: 1
results: results/tiny
experiments:
  pair:
    data: {gaussian: {dim_x: 3, dim_y: 2, n_train: 2000, n_test: 500}}
    network: {mlp: {width: 16, depth: 1}}
    train: {steps: 50, batch: 64}
    estimate: {draws: 4}
figures: {fig6: [], fig12: [pair]}
CONF
export SNAKEMAKE_STORAGE_S3_ACCESS_KEY=a SNAKEMAKE_STORAGE_S3_SECRET_KEY=b AWS_DEFAULT_REGION=us-east-1
bucket=(--default-storage-prefix s3://bucket/mine --storage-s3-endpoint-url http://127.0.0.1:5599)
snakemake() { "$work/env/bin/python" -m snakemake -s "$root/Snakefile" --configfile "$work/config.yaml" "$@"; }

mkdir "$work/cloud" "$work/folder"
cd "$work/cloud"
snakemake --cores 2 --shared-fs-usage none --default-storage-provider s3 "${bucket[@]}" > "$work/cloud.log" 2>&1 \
    || { tail -40 "$work/cloud.log"; exit 1; }
[[ "$(snakemake -n --cores 2 --shared-fs-usage none --default-storage-provider s3 "${bucket[@]}" 2>&1)" == *"Nothing to be done"* ]]
cd "$work/folder"
snakemake --cores 2 > "$work/folder.log" 2>&1
"$work/env/bin/python" - "$work/folder/results/tiny" << 'CODE'
import sys
from pathlib import Path

import boto3

s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:5599", aws_access_key_id="a", aws_secret_access_key="b")
for name in ("tables/estimates.csv", "tables/fig6.csv", "tables/fig12.csv"):
    stored = s3.get_object(Bucket="bucket", Key=f"mine/results/tiny/{name}")["Body"].read()
    assert stored == (Path(sys.argv[1]) / name).read_bytes(), f"{name} differs"
CODE
cd "$root"
rm -rf "$work/cloud"
curl --silent -X PUT http://127.0.0.1:5599/other > /dev/null
snakemake -n --profile profiles/kubernetes --container-image example --default-storage-prefix s3://other/mine \
    --storage-s3-endpoint-url http://127.0.0.1:5599 > "$work/dry.log" 2>&1 || { tail -40 "$work/dry.log"; exit 1; }
grep -q "rule train" "$work/dry.log"
echo "in a bucket: the same tables as in a folder, nothing to be done afterwards; profiles/kubernetes plans all jobs"
