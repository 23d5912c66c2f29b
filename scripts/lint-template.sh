#!/usr/bin/env bash
# Checks the compiled template with cfn-lint and checkov: with default parameters, and with every option on.
# serverless/cfn-lint.yml and serverless/checkov.yml list the suppressed findings with their reasons. Needs Python 3.10
# or later; the two linters are installed once, into node_modules/.cache.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
versions=(cfn-lint==1.58.0 checkov==3.3.30)
venv=$PWD/node_modules/.cache/template-lint

if [ "$(cat "$venv/versions" 2>/dev/null)" != "${versions[*]}" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${versions[@]}"
  printf '%s\n' "${versions[*]}" >"$venv/versions"
fi

# lint NAME OPTION…: packages with the options and lints the result.
lint() {
  local folder=dist/lint/$1 template=dist/lint/$1/cloudformation-template-update-stack.json
  shift
  sls package --package "$folder" "$@"
  "$venv/bin/cfn-lint" --config-file serverless/cfn-lint.yml --non-zero-exit-code informational "$template"
  "$venv/bin/checkov" --config-file serverless/checkov.yml --framework cloudformation --skip-download \
    --quiet --compact --file "$template"
}

lint plain
lint every-option --stage prod \
  --param architecture=x86_64 \
  --param alarmEmail=data@example.com \
  --param kmsKeyArn=arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555 \
  --param vpcSubnetIds=subnet-11111111,subnet-22222222 \
  --param vpcSecurityGroupIds=sg-11111111 \
  --param regionInBucketNames=true \
  --param detailedMetrics=true
printf 'The template passes cfn-lint and checkov.\n'
