#include "tools/verbs/explain.h"

#include <algorithm>
#include <cstdio>

#include "kernel/caps.h"
#include "kernel/text.h"
#include "kernel/transport.h"
#include "kernel/units.h"
#include "tools/verbs/load_plan.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOverFlag, kSetFlag, kOutputFlag};

// What is known about one address, perhaps as a channel of a wiring.
struct Explanation {
  std::string title;  // "orders → kv", or ""
  std::string address;
  std::string whence;  // "shop.toml:6:21", or ""
  std::vector<std::string> shims;
  bool stacked = false;  // some of them stand there because the medium alone would not do
  Caps caps;
  std::vector<std::string> also, refused;  // other transports; the refused with why
};

std::string Joined(const std::vector<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return Listed(views);
}

std::vector<std::string> NamesOf(const Caps& caps) {
  std::vector<std::string> names;
  for (const CapsField& field : CapsFields()) {
    if (caps.*field.field) names.emplace_back(field.name);
  }
  return names;
}

// Errors: as Registry::Parse and Describe.
absl::StatusOr<Explanation> ExplainAddress(const Registry& registry, std::string_view text) {
  absl::StatusOr<Address> address = registry.Parse(text);
  if (!address.ok()) return address.status();
  const Address medium = MediumOf(*address);
  Explanation explanation;
  explanation.address = address->ToString();
  absl::StatusOr<Registry::Stacked> stacked = registry.Stack(medium, Role::kServe, CallNeeds());
  if (!stacked.ok()) {  // as it is, then: the table says what it lacks
    stacked = registry.Stack(medium, Role::kServe, Caps(), 0);
    if (!stacked.ok()) return stacked.status();
  }
  explanation.shims = stacked->address.shims();
  explanation.stacked = stacked->address.shims().size() > address->shims().size();
  explanation.caps = stacked->caps;
  return explanation;
}

// Which other transports could carry calls between two services, and why not.
void AddOthers(const Registry& registry, const Plan& plan, const PlannedChannel& channel,
               Explanation& explanation) {
  for (const auto& transport : registry.transports()) {
    if (transport->scheme() == channel.address.scheme()) continue;
    const std::string bare = Text(transport->scheme(), ":");
    const absl::StatusOr<Registry::Stacked> stacked =
        registry.Stack(Address(std::string(transport->scheme()), ""), Role::kServe, CallNeeds());
    if (!stacked.ok()) {
      explanation.refused.push_back(Text(bare, " (", std::string(stacked.status().message()), ")"));
    } else if (stacked->caps.one_process &&
               std::any_of(plan.services.begin(), plan.services.end(),
                           [](const PlannedService& s) { return s.builtin == nullptr; })) {
      explanation.refused.push_back(Text(bare, " (joins only built-in services)"));
    } else {
      explanation.also.push_back(bare);
    }
  }
}

absl::StatusOr<std::vector<Explanation>> ExplainChannel(const Program& program, const Plan& plan,
                                                        const std::string& client,
                                                        const std::string& server) {
  std::vector<std::string_view> names;
  for (const PlannedService& service : plan.services) names.push_back(service.name);
  for (const std::string& name : {client, server}) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return absl::InvalidArgumentError(Text("there is no service \"", Escaped(name), "\" in ",
                                             plan.file, DidYouMean(name, names)));
    }
  }
  std::vector<Explanation> found;
  bool opposite = false;
  for (const PlannedChannel& channel : plan.channels) {
    const std::string &from = plan.services[channel.client].name,
                      &to = plan.services[channel.server].name;
    opposite |= from == server && to == client;
    if (from != client || to != server) continue;
    absl::StatusOr<Explanation> explanation =
        ExplainAddress(*program.registry, channel.address.ToString());
    if (!explanation.ok()) return explanation.status();
    explanation->title =
        Text(from, " → ", to, channel.role == to ? "" : Text(" (as ", channel.role, ")"));
    explanation->whence = Prefix(plan.file, channel.place);
    explanation->whence.resize(explanation->whence.size() - 2);  // without ": "
    AddOthers(*program.registry, plan, channel, *explanation);
    found.push_back(*std::move(explanation));
  }
  if (!found.empty()) return found;
  return absl::NotFoundError(
      opposite ? Text("it is ", server, " that calls ", client, "; try: jackfield explain ",
                      plan.file, " ", server, " ", client)
               : Text("no channel joins ", client, " to ", server, "; under [service.", client,
                      "] it would be calls = { ", server, " = \"unix:\" }"));
}

std::string AsTable(const Explanation& e) {
  std::string text = e.title.empty() ? Text(e.address, "\n")
                                     : Text(e.title, "  ", e.address, "   (", e.whence, ")\n");
  text += Text("  can: ", Joined(NamesOf(e.caps)), "\n");
  text += Text("  frames up to ", FormatBytes(e.caps.frame_bytes_max), ", ", e.caps.depth_frames,
               " queued each way\n");
  text += Text("  shims: ", e.shims.empty() ? "none" : Joined(e.shims),
               e.stacked ? "  (for what the medium lacks; ?raw forbids it)\n" : "\n");
  const std::vector<std::string> missing = MissingNeeds(e.caps, CallNeeds());
  text += missing.empty() ? "  carries calls: yes\n"
                          : Text("  carries calls: no, it lacks ", Joined(missing), "\n");
  if (!e.also.empty()) text += Text("  would also work: ", Joined(e.also), "\n");
  if (!e.refused.empty()) text += Text("  not possible: ", Joined(e.refused), "\n");
  return text;
}

std::string AsJson(const Explanation& e) {
  const auto list = [](const std::vector<std::string>& words) {
    std::string text = "[";
    for (const std::string& word : words)
      text += Text(text.size() > 1 ? "," : "", JsonString(word));
    return text + "]";
  };
  return Text("{\"channel\":", JsonString(e.title), ",\"address\":", JsonString(e.address),
              ",\"configured\":", JsonString(e.whence), ",\"shims\":", list(e.shims),
              ",\"can\":", list(NamesOf(e.caps)), ",\"frame_bytes_max\":", e.caps.frame_bytes_max,
              ",\"missing_for_calls\":", list(MissingNeeds(e.caps, CallNeeds())),
              ",\"also\":", list(e.also), ",\"refused\":", list(e.refused), "}\n");
}

int RunExplain(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  std::vector<Explanation> explanations;
  if (arguments.operands.size() == 1) {
    absl::StatusOr<Explanation> explanation =
        ExplainAddress(*program.registry, arguments.operands[0]);
    if (!explanation.ok()) return Complain(kExitUsage, std::string(explanation.status().message()));
    explanations.push_back(*std::move(explanation));
  } else if (arguments.operands.size() == 3) {
    const absl::StatusOr<Plan> plan = LoadPlan(program, arguments);
    if (!plan.ok()) return ComplainOfWiring(plan.status());
    absl::StatusOr<std::vector<Explanation>> found =
        ExplainChannel(program, *plan, arguments.operands[1], arguments.operands[2]);
    if (!found.ok()) return Complain(kExitUsage, std::string(found.status().message()));
    explanations = *std::move(found);
  } else {
    return Complain(kExitUsage,
                    "explain: give one address, or a wiring file and two of its services\n  try: "
                    "jackfield explain shop.toml orders kv");
  }
  std::string text;
  for (const Explanation& explanation : explanations)
    text += *output == Output::kJson ? AsJson(explanation) : AsTable(explanation);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

Verb ExplainVerb() {
  return {.name = "explain",
          .summary = "which medium a channel uses, what it can do, what else would do",
          .usage = "ADDRESS | FILE A B",
          .description =
              "FILE A B: the channel on which service A calls service B. ADDRESS: any, such as "
              "unix:@kv.\n",
          .flags = kFlags,
          .operands_min = 1,
          .operands_max = 3,
          .run = RunExplain};
}

}  // namespace jackfield
