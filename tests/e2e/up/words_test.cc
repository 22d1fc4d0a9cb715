// What the program says: every wrong command has its sentence and its exit status, and the help is
// what we mean it to be.
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/e2e/up/command.h"

namespace jackfield {
namespace {

constexpr std::string_view kWords =
    "jackfield = 1\nname = \"words\"\nover = \"unix:\"\n[service.source]\nrun = \"source\"\ncalls "
    "= [\"tokenize\"]\n"
    "[service.tokenize]\nrun = \"tokenize\"\ncalls = [\"count\"]\n[service.count]\nrun = "
    "\"count\"\n";

struct WrongCommand {
  std::vector<std::string> words;
  std::string err;  // all of stderr
};

TEST(WordsTest, AWrongCommandIsToldWhatIsWrong) {
  const TemporaryDirectory directory;
  directory.Write("words.toml", kWords);
  directory.Write("broken.toml", "jackfield = 1\n[service.a]\nrun = source\n");
  directory.Write("cals.toml", "jackfield = 1\n[service.a]\nrun = \"sitter\"\ncals = [\"b\"]\n");
  directory.Write("circle.toml",
                  "jackfield = 1\nover = \"unix:\"\n[service.a]\nrun = \"source\"\ncalls = "
                  "[\"b\"]\n[service.b]\nrun = \"tokenize\"\ncalls = [\"c\"]\n"
                  "[service.c]\nrun = \"tokenize\"\ncalls = [\"b\"]\n");
  directory.Write("two.toml",
                  "jackfield = 1\n[service.a]\nrun = \"siter\"\n[service.b]\nrun = \"./gone\"\n");
  const std::string help = "\n  try: jackfield help\n";
  const std::vector<WrongCommand> kWrongs = {
      {{"upp"}, "jackfield: no verb \"upp\"; did you mean \"up\"?" + help},
      {{"cpas"}, "jackfield: no verb \"cpas\"; did you mean \"caps\"?" + help},
      {{"frobnicate"}, "jackfield: no verb \"frobnicate\"" + help},
      {{"help", "chekc"}, "jackfield: no verb \"chekc\"; did you mean \"check\"?" + help},
      {{"--over", "tcp", "up"},
       "jackfield: the verb comes first, then its flags: \"--over\" is a flag" + help},
      {{"up"},
       "jackfield: up: something is missing: jackfield up FILE [-- ARGS…]\n  try: jackfield up "
       "--help\n"},
      {{"up", "words.toml", "more"},
       "jackfield: up: \"more\" is one word too many: jackfield up FILE [-- ARGS…]\n  try: "
       "jackfield up --help\n"},
      {{"up", "words.toml", "--ovre", "tcp"},
       "jackfield: up: no flag \"--ovre\"; did you mean \"--over\"?\n  try: jackfield up --help\n"},
      {{"up", "words.toml", "-z"},
       "jackfield: up: no flag \"-z\" (in \"-z\")\n  try: jackfield up --help\n"},
      {{"up", "words.toml", "--over"},
       "jackfield: up: --over needs a value: --over SCHEME\n  try: jackfield up --help\n"},
      {{"up", "words.toml", "--over", "tcp", "--over=unix"},
       "jackfield: up: --over is given twice\n  try: jackfield up --help\n"},
      {{"up", "words.toml", "--quiet=1"},
       "jackfield: up: --quiet is a switch and takes no value\n  try: jackfield up --help\n"},
      {{"up", "words.toml", "--over="},
       "jackfield: --over is empty; name a scheme, such as --over unix\n"},
      {{"up", "gone.toml"},
       "jackfield: cannot read the wiring file gone.toml: No such file or directory\n"},
      {{"up", "words.toml", "--over", "tpc"},
       "words.toml, as changed by the command line: \"tpc:\" is not a transport; did you mean "
       "\"tcp:\"?\n"
       "jackfield: nothing was started\n"},
      {{"up", "words.toml", "--set", "service.sorce.run=x"},
       "jackfield: --set service.sorce.run=x: there is no service \"sorce\"; did you mean "
       "\"source\"?\n"},
      {{"up", "words.toml", "--set", "name"},
       "jackfield: --set name: write --set KEY=VALUE, such as --set "
       "service.orders.calls.kv=unix:\n"},
      {{"up", "broken.toml"},
       "broken.toml:3:7: Error while parsing value: could not determine value type\njackfield: "
       "nothing was started\n"},
      {{"check", "cals.toml"},
       "cals.toml:4:1: unknown key \"cals\" in service a; did you mean \"calls\"?\njackfield: "
       "one thing is wrong\n"},
      {{"check", "circle.toml"},
       "circle.toml:11:10: calls go in a circle: b → c → b; take one of these calls "
       "out\njackfield: one thing is wrong\n"},
      {{"check", "two.toml"},
       "two.toml:3:7: there is no built-in service \"siter\"; did you mean \"sitter\"?\n"
       "two.toml:5:7: the program of service b is not there: ./gone: No such file or directory\n"
       "jackfield: 2 things are wrong\n"},
      {{"check", "words.toml", "--", "x"},
       "jackfield: check: nothing is expected behind \"--\", but there is \"x\"\n  try: jackfield "
       "check --help\n"},
      {{"check", "words.toml", "-o", "yaml"},
       "jackfield: no output format \"yaml\"; there are table and json\n"},
      {{"caps", "unix"},
       "jackfield: caps: \"unix\" is one word too many: jackfield caps\n  try: jackfield caps "
       "--help\n"},
      {{"explain", "unxi:@x"},
       "jackfield: \"unxi:\" is not a transport; did you mean \"unix:\"?\n"},
      {{"explain", "tcp://192.0.2.1:80"},
       "jackfield: tcp:192.0.2.1:80 is not loopback: without TLS anyone on the way could read and "
       "write; put tls+ in front, or, if that is meant, say ?plain\n"},
      {{"explain", "pipe:?pid=12x"}, "jackfield: pipe:?pid=12x: pid is a process number\n"},
      {{"explain", "unix:@x?on_full=drop"},
       "jackfield: on_full=drop: it is wait, fail, drop_oldest or drop_newest\n"},
      {{"explain", "unix:@x", "--over", "tcp"},
       "jackfield: explain: --over changes a wiring file, and there is only an address\n  try: "
       "jackfield explain shop.toml orders kv\n"},
      {{"explain", "words.toml"},
       "jackfield: explain: name two services of words.toml, as in: jackfield explain words.toml "
       "orders kv\n"},
      {{"explain", "words.toml", "source"},
       "jackfield: explain: give one address, or a wiring file and two of its services\n  try: "
       "jackfield explain shop.toml orders kv\n"},
      {{"explain", "words.toml", "source", "cuont"},
       "jackfield: there is no service \"cuont\" in words.toml; did you mean \"count\"?\n"},
      {{"explain", "words.toml", "count", "tokenize"},
       "jackfield: it is tokenize that calls count; try: jackfield explain words.toml tokenize "
       "count\n"},
      {{"explain", "words.toml", "source", "count"},
       "jackfield: no channel joins source to count; under [service.source] it would be calls = { "
       "count = \"unix:\" }\n"},
      {{"service", "sitter"},
       "sitter: sitter is given no address to serve at: no service of the wiring calls it and it "
       "has no line serve = …, or --serve ADDRESS is missing\n"},
      {{"service", "source"},
       "source: source may not call \"tokenize\"  try: calls = { tokenize = \"unix:\" } under "
       "[service.source] in the wiring file, or --call tokenize=ADDRESS\n"},
      {{"service", "cuont"},
       "jackfield: there is no built-in service \"cuont\"; did you mean \"count\"?\n"},
  };
  for (const WrongCommand& wrong : kWrongs) {
    Command command(wrong.words, directory.path());
    const int status = command.Wait();
    std::string said;
    for (const std::string& word : wrong.words) said += word + " ";
    EXPECT_EQ(status, 2) << said;
    EXPECT_EQ(command.err(), wrong.err) << said;
    EXPECT_EQ(command.out(), "") << said << ": stdout is for data";
  }
}

// A name may be as long as the file that it stands in.
TEST(WordsTest, ALongNameIsNotEchoedWhole) {
  const TemporaryDirectory directory;
  directory.Write("long.toml", "jackfield = 1\n" + std::string(500'000, 'x') +
                                   " = 1\n[service.a]\nrun = \"" + std::string(400'000, 'y') +
                                   "\"\n");
  Command command({"check", "long.toml"}, directory.path());
  EXPECT_EQ(command.Wait(), 2);
  EXPECT_LT(command.err().size(), 1200u) << command.err();
  EXPECT_NE(command.err().find("long.toml:2:1: unknown key \"xxx"), std::string::npos);
  EXPECT_NE(command.err().find(" bytes) … xxx"), std::string::npos);
  EXPECT_NE(command.err().find("; known here: jackfield, name, over, logs, service and load\n"
                               "jackfield: one "),
            std::string::npos)
      << command.err();
  Command explain({"explain", std::string(100'000, 'z') + ":"});
  EXPECT_EQ(explain.Wait(), 2);
  EXPECT_LT(explain.err().size(), 1200u) << explain.err();
}

TEST(WordsTest, AProgramWithoutADemoSaysSo) {
  Command demo({"demo"});
  EXPECT_EQ(demo.Wait(), 2);
  EXPECT_EQ(demo.err(), "jackfield: this program has no demo in it\n");
}

TEST(WordsTest, HelpListsWhatThereIs) {
  EXPECT_EQ(OutputOf({"help"}), OutputOf({"--help"}));
  EXPECT_EQ(OutputOf({"help"}),
            R"(jackfield: small services joined by a wiring file, over any medium

usage: jackfield VERB [FLAGS…] …

  init        write a new service that builds, runs and has a test
  up          start the services of a wiring file, and stay until they are done
  ps          the services of a running wiring: state, process, restarts, addresses
  top         the channels of a running wiring, live: rates, calls under way, the oldest
  ui          a page in the browser that shows a running wiring
  metrics     the figures of a running wiring for Prometheus, at /metrics
  logs        what the services of a wiring have written on stderr
  tap         show the messages of services while they go and come
  trace       show calls on their way through many services, and where their time went
  postmortem  show what a service did last before its process ended
  restart     stop one service of a running wiring, and start it again
  reload      read the file of a running wiring again, and change what is different
  set         change single values of a running wiring
  down        stop a running wiring
  run         run a program that may call services, or serve, as if a wiring started it
  serve       make a service of any program that answers a line with a line
  call        call a method of a service, by the schema that it serves: JSON in, JSON out
  load        call a method at a given rate, and how long that took from when each was due
  record      write the calls that come to a service, and its answers, to a file
  replay      make recorded calls again, and say where the answers differ
  pub         publish a message to a topic
  sub         print the messages of the topics that match a pattern
  describe    the schema that a service serves: its methods and their messages
  ls          the methods of a service; what the bus holds in the system
  demo        run the example: a shop of six services, whose books must add up
  check       say what is wrong with a wiring file, without starting anything
  schema      export the schema of a running service; check whether two are compatible
  export      a wiring as units of systemd, for who has a supervisor already
  explain     which medium a channel uses, what it can do, what else would do
  caps        what each transport can do
  doctor      the limits and settings of this machine that matter to the bus
  clean       remove what dead owners have left behind
  bench       how fast the bus is over a transport, and the bare medium beside it
  completion  a script that makes the TAB key of a shell complete these words
  help        what there is, or what one verb does
  version     the version of this program

built-in services, for run = "NAME" in a wiring file:
  source    sends words
  tokenize  passes words on
  count     counts words
  asker     asks until it is stopped
  sitter    serves and stays
  sleeper   never comes back
  holder    never answers
  leaver    leaves at once
  broken    fails at once
  stubborn  never stops
  talker    writes its arguments
  flooder   writes a megabyte
  notes     sends one-way messages and leaves
  log       counts them
  lines     a program: a line in, a line out
  worker    does what it is told
  boss      tells one of many
  front     calls and sends under load, and counts

  jackfield help VERB   what a verb does, and its flags
)");
}

TEST(WordsTest, HelpOfAVerbListsItsFlags) {
  EXPECT_EQ(OutputOf({"help", "up"}), OutputOf({"up", "--help"}));
  EXPECT_EQ(OutputOf({"up", "-h"}),
            R"(jackfield up: start the services of a wiring file, and stay until they are done

usage: jackfield up [FLAGS…] FILE [-- ARGS…]

Checks everything first; starts each service after those it calls; hands each exactly its channels.
ARGS go to the services that nothing calls. Their stdout is this program's; what they write on
stderr comes with their name in front. ^C stops them in order, a second ^C at once.
Where the wiring says how (`build`), what runs is built first; its output is shown.
With -d it comes back when all are ready: then see `jackfield ps`, `logs` and `down`.
Saving FILE while it is up changes what is different, and nothing else (`reload`).

exit status: 0 all is done, 1 a service failed, 2 the wiring is wrong, 130 interrupted

      --over SCHEME    every channel over this: pipe, tcp, unix:?type=seqpacket, …
      --set KEY=VALUE  change one value of the file, such as service.orders.calls.kv=unix:
  -d, --detach         come back when the wiring is up; it goes on without a terminal
      --no-build       nothing of what `build` says is done; what runs is what is there
      --no-watch       saving FILE changes nothing; `jackfield reload` does still
  -h, --help           print this and end
  -V, --version        print the version and end
  -q, --quiet          no messages but errors
  -v, --verbose        more messages
)");
}

TEST(WordsTest, HelpAsJsonHasWhatTheTextHas) {
  const std::string json = OutputOf({"help", "-o", "json"});
  std::istringstream lines(OutputOf({"help"}));
  size_t listed = 0;
  for (std::string line; std::getline(lines, line);) {
    std::string name;
    if (!line.starts_with("  ") || !(std::istringstream(line) >> name) || name == "jackfield")
      continue;
    ++listed;
    EXPECT_NE(json.find("{\"name\":\"" + name + "\",\"summary\":"), std::string::npos) << name;
  }
  EXPECT_GT(listed, 20u) << "verbs and services";
  const std::string up = OutputOf({"help", "up", "-o", "json"});
  EXPECT_NE(json.find(up.substr(0, up.size() - 1)), std::string::npos) << "one of them: " << up;
  Command wrong({"help", "-o", "yaml"});
  EXPECT_EQ(wrong.Wait(), 2);
  EXPECT_EQ(wrong.out(), "");
}

TEST(WordsTest, HelpOfAVerbThatReadsItsWordsItselfIsItsOwn) {
  EXPECT_EQ(OutputOf({"help", "service"}), OutputOf({"service", "--help"}));
}

TEST(WordsTest, EveryLineOfHelpFitsATerminal) {
  for (const std::string_view verb :
       {"", "up", "check", "explain", "caps", "help", "init", "version"}) {
    const std::string text =
        verb.empty() ? OutputOf({"help"}) : OutputOf({"help", std::string(verb)});
    size_t width = 0;
    for (const char c : text) {
      width = c == '\n' ? 0 : width + ((c & 0xc0) != 0x80 ? 1 : 0);
      ASSERT_LE(width, 100u) << text;
    }
  }
}

TEST(WordsTest, CheckSaysThatAWiringIsRight) {
  const TemporaryDirectory directory;
  directory.Write("words.toml", kWords);
  EXPECT_EQ(OutputOf({"check", "words.toml"}, directory.path()),
            "words.toml: ok, 3 services, 2 channels\n");
  EXPECT_EQ(OutputOf({"check", "-q", "words.toml"}, directory.path()), "");
  EXPECT_EQ(OutputOf({"check", "-v", "--over", "shm", "words.toml"}, directory.path()),
            "words.toml: ok, 3 services, 2 channels\n  source → tokenize  shm:\n  tokenize → count "
            " shm:\n");
  // What others than this user can reach is named.
  Command open({"check", "--over", "tcp", "words.toml"}, directory.path());
  EXPECT_EQ(open.Wait(), 0);
  EXPECT_NE(open.err().find("# count serves at tcp: whoever can reach it, every user of this "
                            "machine at least; who may call says allow = ["),
            std::string::npos)
      << open.err();
  EXPECT_EQ(OutputOf({"check", "-o", "json", "words.toml"}, directory.path()),
            "{\"file\":\"words.toml\",\"services\":3,\"channels\":2}\n");
}

TEST(WordsTest, ExplainTakesABareWordForAScheme) {
  EXPECT_EQ(OutputOf({"explain", "unix"}), OutputOf({"explain", "unix:"}));
}

TEST(WordsTest, CapsHasAColumnForEachTransport) {
  const std::string table = OutputOf({"caps"}), json = OutputOf({"caps", "-o", "json"});
  for (const std::string scheme : {"inproc:", "pipe:", "shm:", "tcp:", "unix:"}) {
    EXPECT_NE(table.find(" " + scheme), std::string::npos) << table;
    EXPECT_NE(json.find("{\"address\":\"" + scheme + "\",\"role\":\"both\",\"send\":true,"),
              std::string::npos)
        << json;
  }
  // What each end of a one-way medium can do is told apart.
  EXPECT_NE(json.find("{\"address\":\"mmap:\",\"role\":\"serve\",\"send\":false,"),
            std::string::npos)
      << json;
  EXPECT_NE(json.find("{\"address\":\"mmap:\",\"role\":\"connect\",\"send\":true,"),
            std::string::npos)
      << json;
  for (size_t at = 0; at < table.size(); at = table.find('\n', at) + 1)
    EXPECT_LE(table.find('\n', at) - at, 96u) << table;
}

TEST(WordsTest, WithoutWordsItSaysHowItIsUsed) {
  Command command({});
  EXPECT_EQ(command.Wait(), 2);
  EXPECT_EQ(command.out(), "");
  EXPECT_EQ(command.err(), OutputOf({"help"}));
}

}  // namespace
}  // namespace jackfield
