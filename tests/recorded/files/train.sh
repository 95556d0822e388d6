# Trains a tiny model with the given options and prints the losses of its epochs: train.sh OPTION...
rm -rf run
elastic train --data ratings.csv --out run --config tiny.json -q "$@" >/dev/null || exit
grep '"epoch","' run/metrics.jsonl |
  grep -o '"\(examples\|tokens\|targets\|loss\|learning_rate\)":[0-9.e-]*' | tr -d '"' | paste -sd' '
