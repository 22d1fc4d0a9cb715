// Wrong commands and wrong wirings, a row for each: the sentence that its user gets, and the exit
// status. Read them as a tired user: each says what is wrong, where, and what to do. More of `up`,
// `check` and `explain` are in tests/e2e/up/words_test.cc.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

constexpr std::pair<std::string_view, std::string_view> kFiles[] = {
    {"at.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = { b = { at = "
     "\"unix:@b\", over = \"unix:\" } }\n"},
    {"backoff.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\nrestart = "
     "{ when = \"always\", backoff = \"1s\" }\n"},
    {"bad.fbs",
     "namespace kv;\ntable Key { key: string (required); }\ntable Value { value: string; age: "
     "long; }\nrpc_service Store { Fetch(Key): Value; }\n"},
    {"broken.fbs", "namespace kv;\ntable Key { key: sting; }\n"},
    {"cwd.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\ncwd = "
     "\"gone\"\n"},
    {"empty.toml", ""},
    {"emptyrun.toml", "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"\"\n"},
    {"env.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\nenv = "
     "[\"A=b\"]\n"},
    {"envfile.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\nenv_file = "
     "\"gone.env\"\n"},
    {"far.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve = "
     "[\"tcp://0.0.0.0:7000\"]\n"},
    {"grace.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\ngrace = "
     "5\n"},
    {"inprocprog.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"/bin/cat\"\ncalls = { b = \"inproc:\" "
     "}\n[service.b]\nrun = \"count\"\n"},
    {"kv.fbs", "namespace kv;\ntable K { k: string; }\nrpc_service S { Get(K): K; }\n"},
    {"kv2.fbs", "namespace kv;\ntable K { k: int; }\nrpc_service S { Get(K): K; }\n"},
    {"limits.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\nlimits = { "
     "memroy = \"64MiB\" }\n"},
    {"medium.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = { b = \"tpc:\" "
     "}\n[service.b]\nrun = \"count\"\n"},
    {"memory.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\nlimits = { "
     "memory = \"1B\" }\n"},
    {"name.toml", "jackfield = 1\nover = \"unix:\"\n[service.\"a b\"]\nrun = \"count\"\n"},
    {"nobody.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = "
     "[\"tokenise\"]\n[service.tokenize]\nrun = \"count\"\n"},
    {"none.fbs", "namespace kv;\ntable K { k: string; }\n"},
    {"norun.toml", "jackfield = 1\nover = \"unix:\"\n[service.a]\ncalls = [\"b\"]\n"},
    {"noservices.toml", "jackfield = 1\n"},
    {"noversion.toml", "[service.a]\nrun = \"count\"\n"},
    {"old.fbs",
     "namespace kv;\ntable Key { key: string (required); }\ntable Value { value: string; age: int; "
     "}\n/// Keeps nothing.\nrpc_service Store { Get(Key): Value; }\n"},
    {"oneway.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"notes\"\ncalls = { b = \"mmap:./x\" "
     "}\n[service.b]\nrun = \"log\"\n"},
    {"param.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = { b = "
     "\"unix:?typ=dgram\" }\n[service.b]\nrun = \"count\"\n"},
    {"pipe.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = { b = \"pipe:\" "
     "}\n[service.b]\nrun = \"count\"\n"},
    {"ready.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\nready = "
     "\"port\"\n"},
    {"restart.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\nrestart = "
     "\"sometimes\"\n"},
    {"restartpipe.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = { b = \"pipe:\" "
     "}\n[service.b]\nrun = \"count\"\nrestart = \"always\"\n"},
    {"role.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = { \"x y\" = "
     "\"unix:\" }\n"},
    {"self.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"tokenize\"\ncalls = [\"a\"]\n"},
    {"serve.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve = "
     "[\"10.0.0.1:7000\"]\n"},
    {"str.toml", "jackfield = 1\nover = \"unix:\"\n[service]\na = \"count\"\n"},
    {"stream.fbs",
     "namespace kv;\ntable K { k: string; }\nrpc_service S { Watch(K): K (streaming: \"server\"); "
     "}\n"},
    {"topics.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\ntopics = "
     "[\"a\"]\n"},
    {"patterns.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\nserve=[\"unix:\"]\ntopics = { "
     "pub = [\"a.>.b\"] }\n"},
    {"twice.toml",
     "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"count\"\n[service.a]\nrun = "
     "\"count\"\n"},
    {"version2.toml", "jackfield = 2\n[service.a]\nrun = \"count\"\n"},
    {"words.toml",
     "jackfield = 1\nover = \"unix:\"\nname = \"words\"\n[service.source]\nrun = \"source\"\ncalls "
     "= [\"tokenize\"]\n[service.tokenize]\nrun = \"tokenize\"\ncalls = "
     "[\"count\"]\n[service.count]\nrun = \"count\"\n"},
};

struct Row {
  std::vector<std::string> words;
  int exit_status;
  std::string err;  // all of stderr
};

// Paths are seen from the folder that the test has made for itself.
std::string Without(const std::string& folder, std::string text) {
  for (size_t at = text.find(folder); at != text.npos; at = text.find(folder))
    text.erase(at, folder.size());
  return text;
}

TEST(WrongTest, EachWrongCommandHasItsSentenceAndItsExitStatus) {
  const TemporaryDirectory directory;
  for (const auto& [name, text] : kFiles) directory.Write(name, text);
  const std::vector<Row> kRows = {
      {{"check", "empty.toml"},
       2,
       "empty.toml:1:1: the first line should be: jackfield = 1   (the format of this "
       "file)\njackfield: one thing is wrong\n"},
      {{"check", "noversion.toml"},
       2,
       "noversion.toml:1:1: the first line should be: jackfield = 1   (the format of this "
       "file)\njackfield: one thing is wrong\n"},
      {{"check", "version2.toml"},
       2,
       "version2.toml:1:13: this program reads wiring files of format 1: jackfield = 1\njackfield: "
       "one thing is wrong\n"},
      {{"check", "noservices.toml"},
       2,
       "noservices.toml:1:1: no services; a service is a table: [service.NAME] with a line run = "
       "…\njackfield: one thing is wrong\n"},
      {{"check", "nobody.toml"},
       2,
       "nobody.toml:5:10: service a calls \"tokenise\", and there is no such service; did you mean "
       "\"tokenize\"?\njackfield: one thing is wrong\n"},
      {{"check", "self.toml"},
       2,
       "self.toml:5:10: calls go in a circle: a → a; take one of these calls out\njackfield: one "
       "thing is wrong\n"},
      {{"check", "medium.toml"},
       2,
       "medium.toml:5:15: \"tpc:\" is not a transport; did you mean \"tcp:\"?\njackfield: one "
       "thing is wrong\n"},
      {{"check", "param.toml"},
       2,
       "param.toml:5:15: address \"unix:?typ=dgram\": no parameter \"typ\"; did you mean "
       "\"type\"?\njackfield: one thing is wrong\n"},
      {{"check", "restart.toml"},
       2,
       "restart.toml:6:11: a service is restarted \"never\", \"on-failure\" or "
       "\"always\"\njackfield: one thing is wrong\n"},
      {{"check", "restartpipe.toml"},
       2,
       "restartpipe.toml:8:11: service b is to be restarted, and its channel with a over pipe: "
       "ends with either of them for good; choose a medium with a place, such as \"unix:\", or say "
       "restart = \"never\"\njackfield: one thing is wrong\n"},
      {{"check", "grace.toml"},
       2,
       "grace.toml:6:9: grace: it is a text, such as \"2s\"\njackfield: one thing is wrong\n"},
      {{"check", "memory.toml"},
       2,
       "memory.toml:6:21: memory is a size of at least 1 MiB, such as 64MiB, not "
       "\"1B\"\njackfield: one thing is wrong\n"},
      {{"check", "limits.toml"},
       2,
       "limits.toml:6:12: unknown key \"memroy\" in the limits of a; did you mean "
       "\"memory\"?\njackfield: one thing is wrong\n"},
      {{"check", "env.toml"},
       2,
       "env.toml:6:7: env is a table: env = { NAME = \"value\" }\njackfield: one thing is wrong\n"},
      {{"check", "envfile.toml"},
       2,
       "envfile.toml:6:12: cannot read gone.env: No such file or directory\njackfield: one thing "
       "is wrong\n"},
      {{"check", "cwd.toml"},
       2,
       "cwd.toml:6:7: service a cannot run in gone: No such file or directory\njackfield: one "
       "thing is wrong\n"},
      {{"check", "topics.toml"},
       2,
       "topics.toml:6:10: topics is what the service may publish and subscribe to: topics = { pub "
       "= [\"order.*\"], sub = [\"price.>\"] }\njackfield: one thing is wrong\n"},
      {{"check", "patterns.toml"},
       2,
       "patterns.toml:6:19: the pattern \"a.>.b\" has a '*' that is not a level, or a '>' that is "
       "not the last one\njackfield: one thing is wrong\n"},
      {{"check", "ready.toml"},
       2,
       "ready.toml:6:9: service a is ready by \"port\", and chooses its place over unix: itself; "
       "name one, such as \"unix:./a.sock\"\njackfield: one thing is wrong\n"},
      {{"check", "name.toml"},
       2,
       "name.toml:3:10: \"a b\" cannot name a service; a name is made of a-z, A-Z, 0-9, '-' and "
       "'_', at most 64\njackfield: one thing is wrong\n"},
      {{"check", "role.toml"},
       2,
       "role.toml:5:11: \"x y\" cannot name a role; a name is made of a-z, A-Z, 0-9, '-' and "
       "'_'\njackfield: one thing is wrong\n"},
      {{"check", "twice.toml"},
       2,
       "twice.toml:5:1: Error while parsing table header: cannot redefine existing table "
       "'service.a'\njackfield: one thing is wrong\n"},
      {{"check", "serve.toml"},
       2,
       "serve.toml:5:10: address \"10.0.0.1:7000\": bad scheme; it is made of a-z, 0-9, '-' and "
       "'.'\njackfield: one thing is wrong\n"},
      {{"check", "far.toml"},
       2,
       "far.toml:5:10: tcp:0.0.0.0:7000 is not loopback: without TLS anyone on the way could read "
       "and write; put tls+ in front, or, if that is meant, say ?plain\njackfield: one thing is "
       "wrong\n"},
      {{"check", "at.toml"},
       2,
       "at.toml:5:40: at says where a service runs that is none of this wiring: no service and no "
       "over stands beside it\njackfield: one thing is wrong\n"},
      {{"check", "str.toml"},
       2,
       "str.toml:4:1: service a is a table: [service.a]\njackfield: one thing is wrong\n"},
      {{"check", "gone.toml"},
       2,
       "jackfield: cannot read the wiring file gone.toml: No such file or directory\n"},
      {{"check", "."},
       2,
       ". is a directory, and a wiring is a file\njackfield: one thing is wrong\n"},
      {{"tap"},
       2,
       "jackfield: tap: something is missing: jackfield tap SERVICE…\n  try: jackfield tap "
       "--help\n"},
      {{"trace", "-o", "xml"},
       2,
       "jackfield: trace: --output is table, json, chrome or otlp, not \"xml\"\n"},
      {{"trace", "--one-in", "0"},
       2,
       "jackfield: trace: --one-in is a number from 1 on, not \"0\"\n"},
      {{"tap", "kv", "-w", "nothing.is.up"},
       3,
       "jackfield: no wiring of this user is up\n  try: jackfield up FILE\n"},
      {{"replay", "no.such.file"},
       1,
       "jackfield: replay: cannot read no.such.file: No such file or directory\n"},
      {{"replay", "words.toml"}, 2, "jackfield: words.toml: line 1: this is no JSON\n"},
      {{"record", "kv", "-n", "all"},
       2,
       "jackfield: record: --count is a number, 1 or more, not \"all\"\n"},
      {{"call"},
       2,
       "jackfield: call: something is missing: jackfield call TARGET [INTERFACE/]METHOD [JSON]\n  "
       "try: jackfield call --help\n"},
      {{"call", "unix:@nobody.at.all"},
       2,
       "jackfield: call: which method?\n  try: jackfield ls TARGET\n"},
      {{"call", "unix:@nobody.at.all", "Say"},
       3,
       "jackfield: connect unix:@nobody.at.all: Connection refused "
       "(ECONNREFUSED); is the service running?\n"},
      {{"call", "127.0.0.1:7000", "Say"},
       2,
       "jackfield: address \"127.0.0.1:7000\": bad scheme; it is made of a-z, 0-9, '-' and '.'\n"},
      {{"call", "unix:@x", "Say", "{}", "-d", "@f"},
       3,
       "jackfield: connect unix:@x: Connection refused (ECONNREFUSED); is the "
       "service running?\n"},
      {{"call", "unix:@x", "Say", "-d", "f"},
       3,
       "jackfield: connect unix:@x: Connection refused (ECONNREFUSED); is the "
       "service running?\n"},
      {{"call", "unix:@x", "Say", "-T", "5"},
       2,
       "jackfield: --timeout: \"5\" is not a duration; write a number and a unit, such as 250us or "
       "2s\n"},
      {{"call", "unix:@x", "Say", "-T", "never"},
       2,
       "jackfield: --timeout: \"never\" is not a duration; write a number and a unit, such as "
       "250us or 2s\n"},
      {{"call", "unix:@x", "Say", "{", "a", "}"},
       2,
       "jackfield: call: \"a\" is one word too many: jackfield call TARGET [INTERFACE/]METHOD "
       "[JSON]\n  try: jackfield call --help\n"},
      {{"call", "pipe:", "Say"},
       3,
       "jackfield: connect pipe:: pipe: joins processes that a common parent starts with "
       "pipe:fd=R,W; let `jackfield up` start them, or use unix:\n"},
      {{"ls"},
       2,
       "jackfield: ls: say what to list, the methods of a service or resources\n  try: jackfield "
       "ls unix:@greeter\n  try: jackfield ls --resources\n"},
      {{"ls", "--resources", "unix:@x"},
       2,
       "jackfield: ls: say what to list, the methods of a service or resources\n  try: jackfield "
       "ls unix:@greeter\n  try: jackfield ls --resources\n"},
      {{"ls", "unix:@nobody.at.all"},
       3,
       "jackfield: connect unix:@nobody.at.all: Connection refused "
       "(ECONNREFUSED); is the service running?\n"},
      {{"run"},
       2,
       "jackfield: run: which program?\n  try: jackfield run --call kv=unix:@kv -- ./program\n"},
      {{"run", "./prog"},
       2,
       "jackfield: run: the program stands behind --\n  try: jackfield run --call kv=unix:@kv -- "
       "./prog\n"},
      {{"run", "--", "/bin/true"},
       2,
       "jackfield: run: it would be granted nothing; say whom it may call, or where it serves\n  "
       "try: jackfield run --call kv=unix:@kv -- /bin/true\n"},
      {{"run", "--call", "unix:@kv", "--", "/bin/true"},
       2,
       "jackfield: run: --call unix:@kv: by which role does the program ask for it?\n  try: --call "
       "ROLE=unix:@kv\n"},
      {{"run", "--call", "kv=", "--", "/bin/true"},
       2,
       "jackfield: run: --call kv=: whom? Write an address, such as --call kv=unix:@kv, or a "
       "service of a running wiring\n"},
      {{"run", "--call", "k/v=unix:@kv", "--", "/bin/true"},
       2,
       "jackfield: run: \"k/v\" cannot name a role; a name is made of a-z, A-Z, 0-9, '-' and "
       "'_'\n"},
      {{"run", "--call", "kv=unix:@kv", "--call", "kv=unix:@kw", "--", "/bin/true"},
       2,
       "jackfield: run: --call names the role \"kv\" twice\n"},
      {{"run", "--call", "kv=unx:@kv", "--", "/bin/true"},
       2,
       "jackfield: run: \"unx:\" is not a transport; did you mean \"unix:\"?\n"},
      {{"run", "--serve", "unix:", "--", "/bin/true"},
       2,
       "jackfield: run: --serve unix: leaves the place to the program, and nobody would hear of "
       "it\n  try: --serve unix:@true\n"},
      {{"run", "--serve", "unix:@x", "--name", "a/b", "--", "/bin/true"},
       2,
       "jackfield: run: \"a/b\" cannot name a program; a name is made of a-z, A-Z, 0-9, '-' and "
       "'_'\n"},
      {{"run", "--serve", "unix:@x", "--", "./gone"},
       2,
       "jackfield: run: cannot run ./gone: No such file or directory\n"},
      {{"run", "--serve", "unix:@x", "--", "."},
       2,
       "jackfield: run: cannot run .: Permission denied\n"},
      {{"serve"},
       2,
       "jackfield: serve: which program? It stands behind --\n  try: jackfield serve unix:@upper "
       "-- sed -u 's/.*/\\U&/'\n"},
      {{"serve", "./upper.sh"},
       2,
       "jackfield: serve: which program? It stands behind --\n  try: jackfield serve unix:@upper "
       "-- sed -u 's/.*/\\U&/'\n"},
      {{"serve", "--", "./gone"},
       2,
       "jackfield: serve: cannot run ./gone: No such file or directory\n"},
      {{"serve", "--", "nosuchprogram"},
       2,
       "jackfield: serve: cannot run nosuchprogram: No such file or directory\n"},
      {{"serve", "unx:@x", "--", "/bin/cat"},
       2,
       "jackfield: serve: \"unx:\" is not a transport; did you mean \"unix:\"?\n"},
      {{"serve", "--schema", "gone.fbs", "--", "/bin/cat"},
       2,
       "jackfield: serve: cannot read gone.fbs: No such file or directory\n"},
      {{"serve", "--schema", "broken.fbs", "--", "/bin/cat"},
       2,
       "jackfield: serve: broken.fbs: line 3, column 0: type referenced but not defined (check "
       "namespace): sting, originally at: broken.fbs:2\n"},
      {{"serve", "--schema", "stream.fbs", "--", "/bin/cat"},
       2,
       "jackfield: serve: the schema stream.fbs has the stream kv.S/Watch, and a line has one line "
       "for an answer\n"},
      {{"serve", "--schema", "none.fbs", "--", "/bin/cat"},
       2,
       "jackfield: serve: the schema none.fbs has no methods to serve: no rpc_service with one\n"},
      {{"serve", "a", "b", "--", "/bin/cat"},
       2,
       "jackfield: serve: \"b\" is one word too many: jackfield serve [ADDRESS] -- CMD [ARGS…]\n  "
       "try: jackfield serve --help\n"},
      {{"schema"},
       2,
       "jackfield: schema: something is missing: jackfield schema export TARGET | check OLD NEW\n  "
       "try: jackfield schema --help\n"},
      {{"schema", "chekc", "a", "b"},
       2,
       "jackfield: schema: \"chekc\" is neither export nor check; did you mean \"check\"?\n  try: "
       "jackfield schema --help\n"},
      {{"schema", "check", "kv.fbs"},
       2,
       "jackfield: schema check: name two, the old one and the new one\n  try: jackfield schema "
       "check kv.fbs unix:@kv\n"},
      {{"schema", "check", "kv.fbs", "gone.fbs"},
       2,
       "jackfield: schema: cannot read gone.fbs: No such file or directory\n"},
      {{"schema", "check", "kv.fbs", "broken.fbs"},
       2,
       "jackfield: schema: broken.fbs: line 3, column 0: type referenced but not defined (check "
       "namespace): sting, originally at: broken.fbs:2\n"},
      {{"schema", "check", "kv.fbs", "unix:@nobody.at.all"},
       3,
       "jackfield: connect unix:@nobody.at.all: Connection refused "
       "(ECONNREFUSED); is the service running?\n"},
      {{"schema", "check", "-o", "x", "kv.fbs", "kv2.fbs"},
       2,
       "jackfield: schema check: --output is for export\n"},
      {{"schema", "export"},
       2,
       "jackfield: schema export: of which service?\n  try: jackfield schema export unix:@kv -o "
       "kv.bfbs\n"},
      {{"schema", "export", "unix:@nobody.at.all"},
       3,
       "jackfield: connect unix:@nobody.at.all: Connection refused "
       "(ECONNREFUSED); is the service running?\n"},
      {{"export"},
       2,
       "jackfield: export: something is missing: jackfield export systemd FILE [-- ARGS…]\n  try: "
       "jackfield export --help\n"},
      {{"export", "systemd"},
       2,
       "jackfield: export: of which wiring?\n  try: jackfield export systemd shop.toml -o units\n"},
      {{"export", "docker", "words.toml"},
       2,
       "jackfield: export: to what? There is systemd, not \"docker\"\n  try: jackfield export "
       "systemd FILE\n"},
      {{"export", "systemd", "gone.toml"},
       2,
       "jackfield: cannot read the wiring file gone.toml: No such file or directory\n"},
      {{"export", "systemd", "pipe.toml"},
       2,
       "pipe.toml:5:15: a → b over pipe:: its ends are inherited from who starts both, and each "
       "unit is started by itself; another medium would do, such as unix:\njackfield: one thing is "
       "wrong\n"},
      {{"export", "systemd", "words.toml", "--over", "inproc"},
       2,
       "words.toml: its services are threads of one process, and a unit is a process; choose a "
       "medium between processes, such as --over unix\njackfield: one thing is wrong\n"},
      {{"export", "systemd", "words.toml", "-o", "/proc/x"},
       1,
       "jackfield: export: cannot make the directory /proc/x: No such file or directory\n"},
      {{"help", "--man", "-o", "json"},
       2,
       "jackfield: help: --man is a format by itself; leave --output out\n"},
  };
  EXPECT_GE(kRows.size(), 60u);
  for (const Row& row : kRows) {
    Command command(row.words, directory.path());
    const int exit_status = command.Wait();
    std::string said;
    for (const std::string& word : row.words) said += word + " ";
    EXPECT_EQ(exit_status, row.exit_status) << said;
    EXPECT_EQ(Without(directory.path() + "/", command.err()), row.err) << said;
    EXPECT_EQ(command.out(), "") << said << ": stdout is for data";
  }
}

}  // namespace
}  // namespace jackfield
