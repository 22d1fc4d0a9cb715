#include "tools/verbs/explain.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "kernel/caps.h"
#include "kernel/common_params.h"
#include "kernel/loop/block_pool.h"
#include "kernel/loop/memory_limit.h"
#include "kernel/transport.h"
#include "tools/verbs/load_plan.h"
#include "tools/wiring/carry.h"
#include "tools/wiring/instance_name.h"

namespace jackfield {
namespace {

constexpr Flag kFlags[] = {kOverFlag, kSetFlag, kOutputFlag};

// What is known about one address, perhaps as a channel of a wiring.
struct Explanation {
  std::string title;  // "orders → kv", or ""
  std::string address;
  std::string whence;  // "shop.toml:6:21", or ""
  std::vector<std::string> added,
      asked;             // shims: the bus's own in front, then those of the address
  Caps server, client;   // what each end can do
  bool one_way = false;  // they differ
  std::string why_not;   // it carries no calls; "": it does
  std::vector<std::string> also, refused;        // other transports; the refused with why
  std::string server_name;                       // "kv", or ""
  uint64_t memory_bytes = DefaultMemoryBytes();  // of the server
  bool memory_wired = false;                     // by limits.memory
  std::string topics;                            // what the client may do there, or ""
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

// `status` without the address that it begins with.
std::string WhyNot(const absl::Status& status, const Address& address) {
  const std::string name = address.ToString();
  std::string_view why(status.message().data(), status.message().size());
  for (const std::string_view head :
       {std::string_view(name), std::string_view(":"), std::string_view(" "),
        std::string_view("cannot carry this: ")}) {
    if (why.starts_with(head)) why.remove_prefix(head.size());
  }
  return std::string(why);
}

// Errors: as Registry::Parse and Describe.
absl::StatusOr<Explanation> ExplainAddress(const Program& program, std::string_view text,
                                           Carried what) {
  const Registry& registry = *program.registry;
  absl::StatusOr<Address> address = registry.Parse(text);
  if (!address.ok()) return address.status();
  if (absl::Status status = CheckCommonParams(*address); !status.ok()) return status;
  const Address medium = WithoutCommonParams(*address);
  Explanation explanation;
  explanation.address = address->ToString();
  explanation.asked = address->shims();
  // Only a server has a place yet where the address has none.
  const Role roles[] = {Role::kServe, Role::kConnect};
  for (const Role role : std::span(roles, address->bare() ? 1 : 2)) {
    absl::StatusOr<Registry::Stacked> stacked =
        Carry(registry, program.machine, *address, role, what);
    if (!stacked.ok()) {
      if (explanation.why_not.empty()) explanation.why_not = WhyNot(stacked.status(), *address);
      // What it can do is known all the same, unless it is no address at all.
      stacked = registry.Stack(medium, role, NeedsOf(what, role));
      if (!stacked.ok()) stacked = registry.Stack(medium, role, Caps(), 0);
      if (!stacked.ok() && role == Role::kServe) return stacked.status();
      if (!stacked.ok()) continue;  // nobody can call there; it is a place to serve at all the same
    }
    explanation.client = stacked->caps;
    if (role == Role::kServe) explanation.server = stacked->caps;
    const std::vector<std::string>& shims = stacked->address.shims();
    explanation.added.assign(shims.begin(),
                             shims.end() - static_cast<ptrdiff_t>(address->shims().size()));
  }
  explanation.one_way = !(explanation.server == explanation.client);
  return explanation;
}

// Which other transports could carry what two services say to each other, and why not.
void AddOthers(const Program& program, const Plan& plan, const PlannedChannel& channel,
               Explanation& explanation) {
  for (const auto& transport : program.registry->transports()) {
    if (transport->scheme() == channel.address.scheme()) continue;
    const Address bare(std::string(transport->scheme()), "");
    const absl::StatusOr<Registry::Stacked> stacked =
        Carry(*program.registry, program.machine, bare, Role::kServe, channel.carries);
    // One for the nodes of one thread, which services never are, is none of the others.
    const absl::StatusOr<Registry::Stacked> any =
        program.registry->Stack(bare, Role::kServe, Caps(), 0);
    if (any.ok() && any->caps.one_thread) continue;
    if (!stacked.ok()) {
      explanation.refused.push_back(Text(bare.ToString(), " ", WhyNot(stacked.status(), bare)));
    } else if (stacked->caps.one_process &&
               std::any_of(plan.services.begin(), plan.services.end(),
                           [](const PlannedService& s) { return s.builtin == nullptr; })) {
      explanation.refused.push_back(Text(bare.ToString(), " joins only built-in services"));
    } else {
      explanation.also.push_back(bare.ToString());
    }
  }
}

// "publish: order.*; subscribe to: price.>"
std::string TopicsText(const TopicsRule& rule) {
  std::string text;
  const auto add = [&text](std::string_view verb, const std::vector<TopicsRule::Pattern>& may) {
    for (size_t i = 0; i < may.size(); ++i)
      text += Text(i > 0 ? ", " : Text(text.empty() ? "" : "; ", verb, ": "), may[i].text);
  };
  add("publish", rule.publish);
  add("subscribe to", rule.subscribe);
  return text;
}

std::string WhenceOf(const Plan& plan, Place place) {
  std::string whence = Prefix(plan.file, place);
  whence.resize(whence.size() - 2);  // without ": "
  return whence;
}

// Is there a service that is meant by that name?
bool IsThere(const Plan& plan, std::string_view name) {
  return std::any_of(plan.services.begin(), plan.services.end(),
                     [name](const PlannedService& s) { return Means(name, s.name); });
}

// Channels of instances that differ in their numbers alone are explained once.
bool IsLike(const Plan& plan, const PlannedChannel& one, const PlannedChannel& other) {
  const auto like = [&plan](size_t a, size_t b) {
    const std::string_view group = GroupOf(plan.services[a].name);
    return a == b || (!group.empty() && group == GroupOf(plan.services[b].name));
  };
  return one.role == other.role && like(one.client, other.client) && like(one.server, other.server);
}

absl::StatusOr<std::vector<Explanation>> ExplainChannel(const Program& program, const Plan& plan,
                                                        const std::string& client,
                                                        const std::string& server) {
  std::vector<std::string_view> names;
  for (const PlannedService& service : plan.services) names.push_back(service.name);
  for (const PlannedService& service : plan.services) {
    if (!Means(client, service.name)) continue;
    for (const OutsideCall& call : service.outside) {
      if (call.role != server) continue;
      absl::StatusOr<Explanation> explanation =
          ExplainAddress(program, call.address.ToString(), call.carries);
      if (!explanation.ok()) return explanation.status();
      explanation->title = Text(client, " → ", server, " (outside)");
      explanation->whence = WhenceOf(plan, call.place);
      return std::vector<Explanation>{*std::move(explanation)};
    }
  }
  for (const std::string& name : {client, server}) {
    if (!IsThere(plan, name)) {
      return absl::InvalidArgumentError(Text("there is no service \"", Escaped(name), "\" in ",
                                             plan.file, DidYouMean(name, names)));
    }
  }
  std::vector<Explanation> found;
  std::vector<const PlannedChannel*> explained;
  bool opposite = false;
  for (const PlannedChannel& channel : plan.channels) {
    const std::string &from = plan.services[channel.client].name,
                      &to = plan.services[channel.server].name;
    opposite |= Means(server, from) && Means(client, to);
    if (!Means(client, from) || !Means(server, to)) continue;
    if (std::any_of(explained.begin(), explained.end(),
                    [&](const PlannedChannel* other) { return IsLike(plan, channel, *other); }))
      continue;
    explained.push_back(&channel);
    absl::StatusOr<Explanation> explanation =
        ExplainAddress(program, channel.address.ToString(), channel.carries);
    if (!explanation.ok()) return explanation.status();
    explanation->title = Text(from == client ? from : Text(client, " (each)"), " → ",
                              to == server ? to : Text(server, " (each)"),
                              Means(channel.role, to) ? "" : Text(" (as ", channel.role, ")"));
    explanation->whence = WhenceOf(plan, channel.place);
    AddOthers(program, plan, channel, *explanation);
    const PlannedService& serving = plan.services[channel.server];
    explanation->server_name = serving.name;
    explanation->memory_bytes = MemoryOf(plan, serving);
    explanation->memory_wired = serving.memory_bytes != 0;
    if (channel.role == kTopicsRole)
      explanation->topics = TopicsText(plan.services[channel.client].topics);
    found.push_back(*std::move(explanation));
  }
  if (!found.empty()) return found;
  return absl::NotFoundError(
      opposite ? Text("it is ", server, " that calls ", client, "; try: jackfield explain ",
                      plan.file, " ", server, " ", client)
               : Text("no channel joins ", client, " to ", server, "; under [service.", client,
                      "] it would be calls = { ", server, " = \"unix:\" }"));
}

std::string ShimsAsText(const Explanation& e) {
  if (e.added.empty()) return e.asked.empty() ? "none" : Joined(e.asked);
  return Text(Joined(e.added), ", put in front for what the medium lacks (?raw forbids it)",
              e.asked.empty() ? "" : Text("; ", Joined(e.asked), ", as written"));
}

std::string AsTable(const Explanation& e) {
  std::string text = e.title.empty() ? Text(e.address, "\n")
                                     : Text(e.title, "  ", e.address, "   (", e.whence, ")\n");
  if (e.one_way) {
    text += Text("  a server can: ", Joined(NamesOf(e.server)), "\n");
    text += Text("  a client can: ", Joined(NamesOf(e.client)), "\n");
  } else {
    text += Text("  can: ", Joined(NamesOf(e.server)), "\n");
  }
  text += Text("  frames up to ", FormatBytes(e.server.frame_bytes_max), ", ",
               e.server.depth_frames, " queued each way\n");
  text += Text("  shims: ", ShimsAsText(e), "\n");
  if (!e.topics.empty()) text += Text("  may ", e.topics, "; else nothing\n");
  BlockPool pool(e.memory_bytes);
  const MemoryBudget& budget = pool.budget();
  text += Text("  memory of ", e.server_name.empty() ? "a server" : e.server_name, ": ",
               FormatBytes(e.memory_bytes), e.memory_wired ? " (limits, in the wiring)" : "",
               "; of it one peer at most ", FormatBytes(budget.peer_bytes_max()), ", one link ",
               FormatBytes(budget.link_bytes_max()), ", one message ",
               FormatBytes(std::min(budget.frame_bytes_max(), e.server.frame_bytes_max)),
               "; kept for small ones ", FormatBytes(budget.reserve_bytes()), "\n");
  text +=
      e.why_not.empty() ? "  carries calls: yes\n" : Text("  carries calls: no, ", e.why_not, "\n");
  if (!e.also.empty()) text += Text("  would also work: ", Joined(e.also), "\n");
  if (!e.refused.empty()) text += "  not possible:\n";
  for (const std::string& refused : e.refused) text += Text("    ", refused, "\n");
  return text;
}

std::string AsJson(const Explanation& e) {
  const auto list = [](const std::vector<std::string>& words) {
    std::string text = "[";
    for (const std::string& word : words)
      text += Text(text.size() > 1 ? "," : "", JsonString(word));
    return text + "]";
  };
  BlockPool pool(e.memory_bytes);
  const MemoryBudget& budget = pool.budget();
  std::vector<std::string> shims = e.added;
  shims.insert(shims.end(), e.asked.begin(), e.asked.end());
  return Text("{\"channel\":", JsonString(e.title), ",\"address\":", JsonString(e.address),
              ",\"configured\":", JsonString(e.whence), ",\"shims\":", list(shims),
              ",\"shims_added\":", list(e.added), ",\"can\":", list(NamesOf(e.server)),
              e.one_way ? Text(",\"client_can\":", list(NamesOf(e.client))) : "",
              ",\"frame_bytes_max\":", e.server.frame_bytes_max,
              ",\"memory_bytes_max\":", e.memory_bytes,
              ",\"memory_peer_bytes_max\":", budget.peer_bytes_max(),
              ",\"memory_link_bytes_max\":", budget.link_bytes_max(),
              ",\"memory_frame_bytes_max\":", budget.frame_bytes_max(),
              ",\"memory_reserve_bytes\":", budget.reserve_bytes(),
              e.topics.empty() ? "" : Text(",\"topics\":", JsonString(e.topics)),
              ",\"carries_calls\":", e.why_not.empty() ? "true" : "false",
              ",\"why_not\":", JsonString(e.why_not), ",\"also\":", list(e.also),
              ",\"refused\":", list(e.refused), "}\n");
}

int RunExplain(const Program& program, const Arguments& arguments) {
  const absl::StatusOr<Output> output = OutputOf(arguments);
  if (!output.ok()) return Complain(kExitUsage, std::string(output.status().message()));
  std::vector<Explanation> explanations;
  if (arguments.operands.size() == 1) {
    for (const char* flag : {"over", "set"}) {
      if (arguments.Has(flag)) {
        return Complain(kExitUsage, Text("explain: --", flag,
                                         " changes a wiring file, and there is only an address\n  "
                                         "try: jackfield explain shop.toml orders kv"));
      }
    }
    const std::string& word = arguments.operands[0];
    if (word.find(':') == std::string::npos && access(word.c_str(), R_OK) == 0) {
      return Complain(kExitUsage, Text("explain: name two services of ", Escaped(word),
                                       ", as in: jackfield "
                                       "explain ",
                                       Escaped(word), " orders kv"));
    }
    // --over unix means unix:, too.
    absl::StatusOr<Explanation> explanation = ExplainAddress(
        program, word.find(':') == std::string::npos ? word + ":" : word, Carried::kCalls);
    if (!explanation.ok()) return Complain(kExitUsage, std::string(explanation.status().message()));
    explanations.push_back(*std::move(explanation));
  } else if (arguments.operands.size() == 3) {
    const absl::StatusOr<Plan> plan = LoadPlan(program, arguments);
    if (!plan.ok()) return ComplainOfWiring(plan.status(), Would::kLook);
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
  return {
      .name = "explain",
      .summary = "which medium a channel uses, what it can do, what else would do",
      .usage = "ADDRESS | FILE A B",
      .description =
          "FILE A B: the channel on which service A calls service B; where these have instances, "
          "that of\neach. ADDRESS: any, such as unix:@kv.\n",
      .flags = kFlags,
      .operands_min = 1,
      .operands_max = 3,
      .run = RunExplain};
}

}  // namespace jackfield
