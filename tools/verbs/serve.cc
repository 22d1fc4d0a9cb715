#include "tools/verbs/serve.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "kernel/base/text.h"
#include "tools/lines/lines.h"
#include "tools/verbs/grants.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {lines::kSchemaFlag, kNameFlag};

// What the service `lines` takes, behind its name.
std::vector<std::string> WordsOf(const Arguments& arguments, bool announce) {
  std::vector<std::string> words;
  if (const auto schema = arguments.Find("schema")) words = {"--schema", std::string(*schema)};
  if (announce) words.push_back("--announce");
  words.push_back("--");
  words.insert(words.end(), arguments.rest.begin(), arguments.rest.end());
  return words;
}

int RunServe(const Program& program, const Arguments& arguments) {
  const auto refuse = [](const absl::Status& status) {
    return Complain(kExitUsage, Text("serve: ", std::string(status.message())));
  };
  if (arguments.rest.empty()) {
    return Complain(kExitUsage,
                    "serve: which program? It stands behind --\n  try: jackfield serve "
                    "unix:@upper -- sed -u 's/.*/\\U&/'");
  }
  const absl::StatusOr<std::string> name = NameOfProgram(arguments, arguments.rest[0]);
  if (!name.ok()) return refuse(name.status());
  // In a wiring the grants are there already, and who has started it knows where it serves.
  const bool granted = arguments.operands.empty() && std::getenv("JACKFIELD_GRANTS") != nullptr;
  std::vector<std::string> words = WordsOf(arguments, !granted && !arguments.Has("quiet"));
  if (absl::Status status = lines::CheckLines(words); !status.ok()) return refuse(status);
  if (!granted) {
    Grants grants;
    grants.name = *name;
    grants.serves = {arguments.operands.empty() ? Text("unix:@", *name) : arguments.operands[0]};
    if (absl::Status status = CheckGrant(program, grants.serves[0], Role::kServe); !status.ok())
      return refuse(status);
    setenv("JACKFIELD_GRANTS", grants.ToString().c_str(), 1);
  }
  words.insert(words.begin(), *name);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return ServiceMain(static_cast<int>(words.size()), argv.data(), *program.registry,
                     lines::RunLines);
}

}  // namespace

Verb ServeVerb() {
  return {.name = "serve",
          .summary = "make a service of any program that answers a line with a line",
          .usage = "[ADDRESS] -- CMD [ARGS…]",
          .description =
              "Serves at ADDRESS, else at unix:@NAME, until ^C. CMD reads a line on stdin for each "
              "call, one\n"
              "after the other, and answers with one line on stdout, at once: it must not keep it "
              "in a buffer\n"
              "(sed -u, python3 -u, stdbuf -oL). Without a schema that is text "
              "(jackfield.lines.Lines/Say); with\n"
              "one it is a JSON object, {\"method\":…,\"request\":…} where the schema has several "
              "methods, and a\n"
              "line such as \"!NOT_FOUND no such key\" is an error for the caller. A one-way "
              "message is a line,\n"
              "too; its answer is thrown away. If CMD ends it is started again; the call that it "
              "had fails.\n"
              "In a wiring: run = [\"lines\", \"--\", \"CMD\"].\n"
              "\n"
              "exit status: 0 it was stopped, 1 it cannot serve there, or CMD ends again and again,"
              "\n"
              "2 the command or the schema is wrong\n",
          .flags = kFlags,
          .operands_max = 1,
          .rest = RestAllowed::kYes,
          .run = RunServe};
}

}  // namespace jackfield
