#!/usr/bin/env bash
# The workflow on a real slurm of one node, set up here (Debian packages slurmctld, slurmd, slurm-client, munge; as root) and torn
# down at the end: a tiny run from nothing to its manifest, with a job that is cancelled in the middle and has to be done again.
# Not part of the tests: bash tests/slurm/run.sh
# SUBMIT=1000 bash tests/slurm/run.sh measures instead how long so many trainings take to plan and to submit; none of them runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
[[ $EUID == 0 ]] || { echo "needs root, to start slurm" >&2; exit 1; }
for command in slurmctld slurmd sbatch munged; do
    command -v "$command" > /dev/null || { echo "no $command: apt-get install slurmctld slurmd slurm-client munge" >&2; exit 1; }
done
[[ -e /etc/slurm/slurm.conf ]] && { echo "/etc/slurm/slurm.conf is there: this machine has a slurm already" >&2; exit 1; }

work=$(mktemp -d)
tear_down() {
    scancel --user root 2> /dev/null || true
    for name in slurmd slurmctld munged; do
        [[ -f $work/$name.pid ]] && kill "$(cat "$work/$name.pid")" 2> /dev/null || true
    done
    sleep 1
    rm -rf /etc/slurm/slurm.conf /etc/slurm/gres.conf /etc/slurm/cgroup.conf
    [[ ${KEEP:-} ]] && echo "kept: $work" || rm -rf "$work"
}
trap tear_down EXIT

mkdir -p /etc/slurm /run/munge "$work/state" "$work/spool" && chown munge /run/munge && chmod 755 /run/munge
[[ -f /etc/munge/munge.key ]] || { dd if=/dev/urandom of=/etc/munge/munge.key bs=1 count=1024 status=none; chown munge /etc/munge/munge.key; chmod 400 /etc/munge/munge.key; }
su munge -s /bin/bash -c "munged --pid-file=/run/munge/munged.pid --force"
cp /run/munge/munged.pid "$work/munged.pid"
host=$(hostname -s)
cat > /etc/slurm/slurm.conf << CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=86400
ReturnToService=2
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ {print int($2 / 1024 * .9)}' /proc/meminfo) Gres=gpu:1 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
echo "NodeName=$host Name=gpu File=/dev/null" > /etc/slurm/gres.conf  # a pretended GPU
slurmctld
slurmd
for _ in $(seq 30); do
    sinfo --noheader --format %T 2> /dev/null | grep -q idle && break
    sleep 1
done
sinfo

mkdir "$work/run" && cd "$work/run"
workflow=("${SNAKEMAKE:-$root/.venv/bin/snakemake}" --snakefile "$root/Snakefile" --profile "$root/profiles/slurm" --latency-wait 5)

if [[ ${SUBMIT:-} ]]; then
    cat > sweep.yaml << CONFIG
title: sweep
expected_minutes: 1
results: results
experiments:
  pair:
    seeds: [$(seq --separator ", " "$SUBMIT")]
    data: {gaussian: {dim_x: 3, dim_y: 2, n_train: 500, n_test: 100}}
    network: {mlp: {width: 16, depth: 1}}
    train: {steps: 10, batch: 64}
figures: {fig12: [pair]}
CONFIG
    "${workflow[@]}" --configfile sweep.yaml --until data > data.log 2>&1 || { cat data.log; exit 1; }
    scontrol update PartitionName=all State=DOWN  # it takes jobs, and starts none
    started=$(date +%s.%N)
    "${workflow[@]}" --configfile sweep.yaml --until train --jobs "$SUBMIT" > log 2>&1 &
    running=$!
    first="" count=0
    while (( count < SUBMIT )); do
        kill -0 "$running" || { cat log; exit 1; }
        sleep 0.2
        count=$(squeue --noheader | wc -l)
        [[ $first ]] || (( count == 0 )) || { first=$(date +%s.%N); early=$count; }
    done
    awk -v a="$started" -v b="$first" -v c="$(date +%s.%N)" -v n="$SUBMIT" -v early="$early" \
        'BEGIN {printf "slurm: %d jobs planned in %.1f s, submitted in %.1f s (%.1f a second)\n", n, b - a, c - b, (n - early) / (c - b)}'
    kill -KILL "$running"  # nothing is worth waiting for
    exit
fi

workflow+=(--resources gpu=1)
cat > tiny.yaml << CONFIG
title: tiny
expected_minutes: 1
results: results
experiments:
  pair:
    data: {gaussian: {dim_x: 3, dim_y: 2, n_train: 500, n_test: 100}}
    network: {mlp: {width: 16, depth: 1}}
    train: {steps: 400000, batch: 64}
    estimate: {draws: 4}
  digits:
    data: {digits: {}}
    network: {fields: one, unet: {channels: [8], embedding: 8}}
    train: {steps: 3, batch: 8}
    estimate: {draws: 2, max_examples: 20}
figures: {fig12: [pair], fig16: [digits]}
CONFIG
"${workflow[@]}" --configfile tiny.yaml > log 2>&1 &
running=$!
# The long training is cancelled once it is under way.
until compgen -G "results/runs/pair/seed-0/.resume/*" > /dev/null; do
    kill -0 "$running" || { cat log; exit 1; }
    sleep 1
done
job=$(squeue --noheader --format "%i %k" | awk '/train/ && /pair/ {print $1}' | head -1)
echo "cancelling job ${job:?no job of the training in squeue}"
scancel "$job"
wait "$running" || { cat log; exit 1; }
grep -h "going on from step" results/logs/train/pair-seed-0.log || { echo "the training did not go on from its state" >&2; exit 1; }
grep -E "Trying to restart|[0-9]+ of [0-9]+ steps \(100%\)" log
"${workflow[@]}" --configfile tiny.yaml --dry-run 2>&1 | grep "Nothing to be done"
"${workflow[@]}" --configfile tiny.yaml verify --executor local --cores 1 2>&1 | grep "files are as they were" || "$root/.venv/bin/diffinfo" verify results/manifest.json
echo "slurm: the run ended, the cancelled job was done again, and nothing is left to do"
