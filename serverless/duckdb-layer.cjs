const { spawnSync } = require('node:child_process');
const path = require('node:path');

/**
 * Builds DuckDB's layer before packaging, so that `sls deploy` alone is enough. It also makes `sls package` work without an
 * AWS account: the framework would otherwise ask CloudFormation whether the layer exists, which matters only to a
 * deployment.
 */
module.exports = class DuckdbLayer {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { 'before:package:createDeploymentArtifacts': () => this.prepare() };
  }

  prepare() {
    const { folder, architecture } = this.serverless.service.custom.layer;
    this.build(folder, architecture);
    if (this.serverless.processedInput.commands[0] === 'package') this.skipLayerLookup();
  }

  build(folder, architecture) {
    const root = this.serverless.serviceDir;
    const bin = path.join(root, 'node_modules', '.bin');
    const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
    const script = path.join('scripts', 'build-layer.ts');
    const { status, error } = spawnSync('node', [script, architecture, folder], {
      cwd: root,
      env,
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`The DuckDB layer was not built${error ? `: ${error.message}` : ''}.`);
  }

  skipLayerLookup() {
    const compiler = this.serverless.pluginManager.plugins.find(
      (plugin) => plugin.constructor.name === 'AwsCompileLayers',
    );
    compiler.compareWithLastLayer = async () => undefined;
  }
};
