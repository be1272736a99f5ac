// Asks firebase-tools itself what it makes of each case in data/cases.json, and writes data/answers.json.
//
// For developers only; no test runs it. It needs Node 20 and an installed firebase-tools 15:
//
//   npm install --prefix DIRECTORY firebase-tools@15
//   node tests/firebase/oracle.mjs DIRECTORY/node_modules/firebase-tools
//
// Nothing is sent anywhere. The files of a case are written to a directory of their own and read by firebase-tools'
// own Config and RC; its own hosting config, unsafePins, convertConfig and runTags give the answer. Only what they
// would ask of Google is replaced: deployed functions, Cloud Run services and the live channel come from the case.
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const tools = path.resolve(process.argv[2]);
const require = createRequire(path.join(tools, "package.json"));
const lib = (name) => require(path.join(tools, "lib", name));
const { version } = require(path.join(tools, "package.json"));
const { Config } = lib("config.js");
const { RC } = lib("rc.js");
const { hostingConfig } = lib("hosting/config.js");
const { filterTargets } = lib("filterTargets.js");
const { checkValidTargetFilters } = lib("checkValidTargetFilters.js");
const { convertConfig } = lib("deploy/hosting/convertConfig.js");
const { unsafePins } = lib("deploy/hosting/prepare.js");
const { isDeployingWebFramework, VALID_DEPLOY_TARGETS } = lib("deploy/index.js");
const experiments = lib("experiments.js");
const hostingApi = lib("hosting/api.js");
const { calculateChannelExpireTTL } = lib("hosting/expireUtils.js");
const run = lib("gcp/run.js");
const backend = lib("deploy/functions/backend.js");

const here = path.join(path.dirname(fileURLToPath(import.meta.url)), "data");
const cases = JSON.parse(fs.readFileSync(path.join(here, "cases.json"), "utf8"));

// A deployed function of a case, as the backend lists it.
function endpoint([key, { generation, service }]) {
  const [region, id] = key.split("/");
  return {
    id,
    region,
    project: "harbour-dev",
    platform: generation === 1 ? "gcfv1" : "gcfv2",
    entryPoint: id,
    runtime: "nodejs20",
    httpsTrigger: {},
    ...(service ? { runServiceId: service } : {}),
  };
}

function serviceOf(one, name) {
  const [, region, id] = /locations\/([^/]+)\/services\/([^/]+)$/.exec(name);
  const tag = (one.services ?? {})[`${region}/${id}`];
  const revisionName = `${id}-00001-abc`;
  return {
    metadata: { name: id, namespace: "123456789012", labels: { "cloud.googleapis.com/location": region } },
    status: { latestReadyRevisionName: revisionName },
    spec: { traffic: [{ revisionName, percent: 100 }, ...(tag ? [{ revisionName, tag }] : [])] },
  };
}

async function answer(one) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "oracle-"));
  try {
    const text = typeof one.firebase === "string" ? one.firebase : JSON.stringify(one.firebase);
    fs.writeFileSync(path.join(directory, "firebase.json"), text);
    if (one.rc !== undefined) {
      fs.writeFileSync(path.join(directory, ".firebaserc"), typeof one.rc === "string" ? one.rc : JSON.stringify(one.rc));
    }
    const rc = RC.loadFile(path.join(directory, ".firebaserc"));
    const config = Config.load({ cwd: directory, projectDir: directory });
    const only = one.only ? one.only.split(",").map((name) => `hosting:${name}`).join(",") : "hosting";
    const project = rc.resolveAlias(one.project ?? "harbour-dev");
    const options = { cwd: directory, projectRoot: directory, config, rc, only, project, site: "harbour-dev", nonInteractive: true };
    filterTargets(options, [...VALID_DEPLOY_TARGETS]);
    await checkValidTargetFilters(options);
    if (isDeployingWebFramework(options)) {
      experiments.assertEnabled("webframeworks", "deploy a web framework from source");
    }
    const endpoints = {};
    for (const found of Object.entries(one.functions ?? {}).map(endpoint)) {
      (endpoints[found.region] ??= {})[found.id] = found;
    }
    const context = {
      projectId: project,
      hostingChannel: one.channel,
      existingBackendPromise: Promise.resolve({ ...backend.empty(), endpoints }),
    };
    run.getService = async (name) => serviceOf(one, name);
    run.updateService = async (_name, service) => service;
    hostingApi.getChannel = async () => ({ release: { version: { config: one.live ?? {} } } });
    const sites = [];
    for (const site of hostingConfig(options)) {
      if (site.public) options.config.path(site.public);
      const unsafe = await unsafePins(context, site);
      const deploy = { config: site, version: `projects/p/sites/${site.site}/versions/0123456789abcdef` };
      sites.push({
        site: site.site,
        ...(site.public ? { public: site.public } : {}),
        ...(site.ignore ? { ignore: [].concat(site.ignore) } : {}),
        ...(unsafe.length ? { unsafe } : {}),
        config: JSON.parse(JSON.stringify(await convertConfig(context, {}, deploy))),
      });
    }
    return { sites };
  } catch (error) {
    const plain = String(error.message).replaceAll(directory, ".").replace(/\u001b\[[0-9;]*m/g, "");
    return { refused: plain.split("\n").filter((line) => line.trim()).join(" | ") };
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

// Names of channels and lives of previews, as `firebase hosting:channel:deploy NAME --expires LIFE` takes them.
const NAMES = ["staging", "a/b", "a_b:c#d", "Feature/X_1", "v1.2", "live", "LIVE", " live ", "live-2", "a//b", "_"];
const LIVES = ["30m", "12h", "7d", "30d", "720h", "43200m", "31d", "721h", "43201m", "0d", "7", "d", "1w", "7D", "1.5h", "-1d", "1d12h", "7 d", ""];

function life(text) {
  try {
    return calculateChannelExpireTTL(text) / 1000;
  } catch {
    return null;
  }
}

const answers = {};
for (const [name, one] of Object.entries(cases)) {
  answers[name] = await answer(one);
}
const channels = NAMES.map((name) => {
  const channel = hostingApi.normalizeName(name);
  return [name, channel.toLowerCase().trim() === "live" ? null : channel];
});
const lives = LIVES.map((text) => [text, life(text)]);
// One line for each answer, so that changes can be read.
const lines = (entries) => entries.map((entry) => `  ${entry}`).join(",\n");
const answered = lines(Object.entries(answers).map(([name, one]) => `${JSON.stringify(name)}: ${JSON.stringify(one)}`));
const pairs = (list) => lines(list.map((pair) => JSON.stringify(pair)));
fs.writeFileSync(
  path.join(here, "answers.json"),
  `{\n "firebase_tools": "${version}",\n "answers": {\n${answered}\n },\n "channels": [\n${pairs(channels)}\n ],\n "lives": [\n${pairs(lives)}\n ]\n}\n`,
);
console.log(`${Object.keys(answers).length} answers of firebase-tools ${version}`);
process.exit(0);
