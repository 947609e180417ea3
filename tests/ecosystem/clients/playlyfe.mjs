// Copyright (c) 2026, mediaops.access contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Playlyfe's SDK for Node.js against the sandbox at the URL in the first argument. Prints what each step saw, as JSON.
import sdk from "playlyfe";

const url = process.argv[2];
const client = { client_id: "pl-client", client_secret: "pl-secret" };
const player = () => ({ player_id: "student1" });
let stored = null;

const connect = (options) =>
  new sdk.Playlyfe({
    type: "client",
    version: "v2",
    ...client,
    auth_endpoint: `${url}/playlyfe-auth`,
    api_endpoint: `${url}/playlyfe`,
    ...options,
  });
const failure = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return { name: error.name, message: error.message, status: error.status, data: error.errors ?? null };
  }
  return null;
};

const v2 = connect();
const v1 = connect({ version: "v1", player_id: "student1" });
const seen = {};

seen.created = await v2.post("/admin/players", {}, { id: "student1", alias: "Student1" });
seen.duplicate = await failure(v2.post("/admin/players", {}, { id: "student1", alias: "Student1" }));
seen.players = await v2.get("/admin/players", { limit: 1000000 });
seen.renamed = await v2.patch("/runtime/player", player(), { alias: "Uno" });
seen.profile = await v1.get("/player");
seen.all = await v1.get("/game/players");
for (const api of [v1, v2]) {
  const root = api === v1 ? "" : "/runtime";
  for (const path of ["definitions/processes", "definitions/teams", "processes", "teams"]) {
    await api.get(`${root}/${path}`, player());
  }
}
const process1 = await v1.post("/definitions/processes/module1", {});
const process2 = await v2.post("/runtime/processes", player(), { definition: "module1" });
const patched = await v2.patch(`/runtime/processes/${process2.id}`, player(), { name: "patched", access: "PUBLIC" });
const deleted = await v2.delete(`/runtime/processes/${process2.id}`, player());
seen.processes = [process1.definition, process2.definition.id, process2.state, patched.name, patched.access, deleted.message];
const metric = await v2.post("/design/versions/latest/metrics", player(), { id: "apple", name: "apple", type: "point" });
seen.metric = [metric.id, (await v2.delete("/design/versions/latest/metrics/apple", player())).message];
seen.image = [(await v1.get("/assets/game", player())).length > 0, await failure(v1.get("/assets/players/student1", player()))];

seen.invalid = await failure(v1.get("/assets/players/:gs", player()));
seen.unknown = await failure(v2.get("/gege", player()));
seen.nobody = await failure(v2.get("/runtime/player"));
seen.refused = await failure(connect({ client_secret: "wrong" }).get("/admin"));

// A token that the platform rejects is replaced once.
stored = { access_token: "ABCDEFD", expires_at: new Date(Date.now() + 86400000) };
const store = (token, done) => done(null, (stored = token));
const load = (done) => done(null, stored);
seen.replaced = (await connect({ store, load }).get("/runtime/player", player())).id;

// The code flow, and its refresh token.
stored = null;
const redirect_uri = "https://client.example.com/callback";
const coder = connect({ type: "code", redirect_uri, store, load });
const login = await fetch(coder.getAuthorizationURI(), { redirect: "manual" });
await coder.exchangeCode(new URL(login.headers.get("location")).searchParams.get("code"));
const first = stored.access_token;
seen.coded = (await coder.get("/runtime/player", player())).id;
stored.expires_at = new Date(Date.now() - 1000);
await coder.get("/runtime/player", player());
seen.refreshed = stored.access_token !== first;

// A token that the client signs itself.
const signed = sdk.Playlyfe.createJWT({ ...client, player_id: "student1" });
stored = { access_token: signed, expires_at: new Date(Date.now() + 3600000) };
seen.signed = (await connect({ store, load }).get("/runtime/player")).id;

seen.removed = await v2.delete("/admin/players/student1", {});
process.stdout.write(JSON.stringify(seen));
