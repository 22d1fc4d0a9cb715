#include "tools/wiring/service_table.h"

#include <algorithm>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "services/service.h"
#include "tools/wiring/allow_key.h"
#include "tools/wiring/build_key.h"
#include "tools/wiring/instance_name.h"
#include "tools/wiring/restart_table.h"
#include "tools/wiring/secrets.h"
#include "tools/wiring/topics_key.h"

namespace jackfield {
namespace {

constexpr std::string_view kServiceKeys[] = {"run",       "calls",    "serve",   "grace", "limits",
                                             "env",       "env_file", "secrets", "cwd",   "restart",
                                             "instances", "ready",    "topics",  "build", "allow"};
constexpr std::string_view kLimitKeys[] = {"memory", "nofile"};
constexpr std::string_view kCallKeys[] = {"service", "services", "over", "at", "one_way"};

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kServiceNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

std::vector<std::string> CutAtSpaces(std::string_view rest) {
  std::vector<std::string> words;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find_first_of(" \t\n"), rest.size());
    if (end > 0) words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

class ServiceTable {
 public:
  ServiceTable(const Entry& entry, Findings& findings) : findings_(findings) {
    service_.name = entry.key;
    service_.place = entry.place;
  }

  ServiceEntry Read(const toml::table& table) {
    for (const Entry& line : EntriesOf(table)) {
      if (line.key == "run")
        ConvertRun(line);
      else if (line.key == "calls")
        ConvertCalls(line);
      else if (line.key == "serve")
        ConvertServe(line);
      else if (line.key == "grace")
        ConvertGrace(line);
      else if (line.key == "limits")
        ConvertLimits(line);
      else if (line.key == "env")
        ConvertEnv(line);
      else if (line.key == "secrets")
        ConvertSecrets(line);
      else if (line.key == "env_file")
        ConvertPath(line, service_.env_file, service_.env_file_place);
      else if (line.key == "cwd")
        ConvertPath(line, service_.cwd, service_.cwd_place);
      else if (line.key == "restart")
        ReadRestart(line, service_, findings_);
      else if (line.key == "ready")
        ConvertReady(line);
      else if (line.key == "build")
        ReadBuild(line, service_, findings_);
      else if (line.key == "topics")
        ReadTopics(line, service_, findings_);
      else if (line.key == "allow")
        ReadAllow(line, service_, findings_);
      else if (line.key == "instances")
        ConvertInstances(line);
      else
        findings_.WrongKey(line, kServiceKeys, Text(" in service ", service_.name));
    }
    if (!table.contains("run")) {
      findings_.Wrong(service_.place,
                      Text("service ", service_.name,
                           " has no line run = …, the built-in service or the program that it is"));
    }
    return std::move(service_);
  }

 private:
  void ConvertGrace(const Entry& entry) {
    const auto* text = entry.value->as_string();
    const absl::StatusOr<int64_t> grace_ns =
        text == nullptr ? absl::InvalidArgumentError("it is a text, such as \"2s\"")
                        : ParseGraceNs(text->get());
    if (!grace_ns.ok())
      return findings_.Wrong(PlaceOf(*entry.value),
                             Text("grace: ", std::string(grace_ns.status().message())));
    service_.grace_ns = *grace_ns;
  }

  void ConvertRun(const Entry& entry) {
    service_.run_place = PlaceOf(*entry.value);
    if (const auto* text = entry.value->as_string()) {
      if (text->get().find_first_of("\"'\\") != std::string::npos) {
        findings_.Wrong(
            service_.run_place,
            "run is cut at its spaces, and quotes mean nothing in it; write run = [\"program\", "
            "\"an argument\"]");
      }
      service_.run = CutAtSpaces(text->get());
    } else if (const auto* array = entry.value->as_array()) {
      for (const toml::node& word : *array)
        service_.run.push_back(findings_.TextOf(word, "each part of run"));
    } else {
      return findings_.Wrong(
          service_.run_place,
          "run is a text, or an array of texts: the built-in service or the program, then "
          "its arguments");
    }
    for (const std::string& word : service_.run) {
      if (word.find('\0') != std::string::npos)
        findings_.Wrong(service_.run_place, "an argument cannot hold a zero byte");
    }
    if (service_.run.empty() || service_.run[0].empty())
      findings_.Wrong(service_.run_place, "run is empty; it names a built-in service or a program");
  }

  void ConvertServe(const Entry& entry) {
    const auto add = [&](const toml::node& node) {
      const std::string address = findings_.TextOf(node, "each address in serve");
      for (const ServeEntry& other : service_.serves) {
        if (other.address == address)
          return findings_.Wrong(PlaceOf(node), Text("service ", service_.name, " serves at \"",
                                                     Escaped(address), "\" twice"));
      }
      service_.serves.push_back({address, PlaceOf(node)});
    };
    if (entry.value->is_string()) return add(*entry.value);
    const auto* array = entry.value->as_array();
    if (array == nullptr || array->size() > kServeEntriesMax) {
      return findings_.Wrong(PlaceOf(*entry.value),
                             Text("serve is an address, or an array of at most ", kServeEntriesMax,
                                  ": [\"tcp://127.0.0.1:7000\"]"));
    }
    for (const toml::node& address : *array) add(address);
  }

  void ConvertCalls(const Entry& entry) {
    if (const auto* array = entry.value->as_array()) {
      for (const toml::node& name : *array) {
        const std::string text = findings_.TextOf(name, "each service in calls");
        AddCall({.role = text,
                 .services = {text},
                 .place = PlaceOf(name),
                 .over_place = PlaceOf(name)});
      }
    } else if (const auto* table = entry.value->as_table()) {
      for (const Entry& call : EntriesOf(*table)) ConvertCall(call);
    } else {
      findings_.Wrong(PlaceOf(*entry.value),
                      "calls is { ROLE = \"unix:\" } or an array of services: [\"kv\"]");
    }
  }

  void ConvertCall(const Entry& entry) {
    CallEntry call{.role = entry.key,
                   .services = {entry.key},
                   .place = entry.place,
                   .over_place = PlaceOf(*entry.value)};
    if (const auto* text = entry.value->as_string()) {
      call.over = text->get();
    } else if (const auto* table = entry.value->as_table()) {
      for (const Entry& line : EntriesOf(*table)) {
        if (line.key == "service") {
          call.services = {findings_.TextOf(*line.value, "service")};
        } else if (line.key == "services") {
          call.services = ServicesOf(line);
        } else if (line.key == "over") {
          call.over = findings_.TextOf(*line.value, "over");
          call.over_place = PlaceOf(*line.value);
        } else if (line.key == "at") {
          call.at = findings_.TextOf(*line.value, "at");
          call.over_place = PlaceOf(*line.value);
        } else if (line.key == "one_way") {
          if (const auto* one_way = line.value->as_boolean())
            call.one_way = one_way->get();
          else
            findings_.Wrong(PlaceOf(*line.value), "one_way is true or false");
        } else {
          findings_.WrongKey(line, kCallKeys, Text(" in the call of ", Escaped(entry.key)));
        }
      }
      if (table->contains("service") && table->contains("services"))
        return findings_.Wrong(entry.place, "service and services say the same; write one of them");
      if (table->contains("at") &&
          (table->contains("service") || table->contains("services") || table->contains("over"))) {
        return findings_.Wrong(
            call.over_place,
            "at says where a service runs that is none of this wiring: no service and no "
            "over stands beside it");
      }
    } else {
      return findings_.Wrong(
          PlaceOf(*entry.value),
          "a call is ROLE = \"unix:\" or ROLE = { service = \"NAME\", over = \"unix:\" }");
    }
    AddCall(std::move(call));
  }

  std::vector<std::string> ServicesOf(const Entry& entry) {
    std::vector<std::string> services;
    const auto* array = entry.value->as_array();
    if (array == nullptr || array->empty()) {
      findings_.Wrong(PlaceOf(*entry.value),
                      "services is an array of services that are in one role: [\"kv1\", \"kv2\"]");
      return services;
    }
    for (const toml::node& name : *array)
      services.push_back(findings_.TextOf(name, "each service of a role"));
    return services;
  }

  void AddCall(CallEntry call) {
    if (!IsName(call.role))
      return findings_.Wrong(
          call.place, Text("\"", Escaped(call.role),
                           "\" cannot name a role; a name is made of a-z, A-Z, 0-9, '-' and '_'"));
    for (const CallEntry& other : service_.calls) {
      if (other.role == call.role)
        return findings_.Wrong(call.place,
                               Text("service ", service_.name, " calls \"", call.role, "\" twice"));
    }
    if (service_.calls.size() == kCallEntriesMax)
      return findings_.Wrong(call.place, Text("service ", service_.name, " calls more than ",
                                              kCallEntriesMax, " others"));
    service_.calls.push_back(std::move(call));
  }

  void ConvertInstances(const Entry& entry) {
    const auto number = entry.value->value<int64_t>();
    if (!number || *number < 1 || *number > kInstancesMax)
      return findings_.Wrong(
          PlaceOf(*entry.value),
          Text("instances is how many of the service there are, a number from 1 to ",
               kInstancesMax));
    service_.instances = static_cast<uint32_t>(*number);
    if (InstanceName(service_.name, service_.instances).size() > kServiceNameBytesMax)
      findings_.Wrong(PlaceOf(*entry.value),
                      Text("the name of service ", service_.name, " has no room for the number of ",
                           "an instance; names are at most ", kServiceNameBytesMax, " long"));
  }

  void ConvertLimits(const Entry& entry) {
    const toml::table* table = entry.value->as_table();
    if (table == nullptr)
      return findings_.Wrong(PlaceOf(*entry.value),
                             "limits is { memory = \"64MiB\", nofile = 1024 }");
    for (const Entry& line : EntriesOf(*table)) {
      if (line.key == "memory") {
        ConvertMemory(line);
      } else if (line.key == "nofile") {
        const auto number = line.value->value<int64_t>();
        if (number && *number >= kDescriptorsLeast && *number <= kDescriptorsMost)
          service_.descriptors_max = static_cast<uint32_t>(*number);
        else
          findings_.Wrong(
              PlaceOf(*line.value),
              Text("nofile is how many descriptors the service may have, a number from ",
                   kDescriptorsLeast, " to ", kDescriptorsMost));
      } else {
        findings_.WrongKey(line, kLimitKeys, Text(" in the limits of ", service_.name));
      }
    }
  }

  void ConvertMemory(const Entry& entry) {
    const auto* text = entry.value->as_string();
    const absl::StatusOr<uint64_t> bytes =
        ParseMemoryBytes(text == nullptr ? "a number" : text->get());
    if (bytes.ok())
      service_.memory_bytes = *bytes;
    else
      findings_.Wrong(PlaceOf(*entry.value), std::string(bytes.status().message()));
  }

  void ConvertEnv(const Entry& entry) {
    const toml::table* table = entry.value->as_table();
    if (table == nullptr)
      return findings_.Wrong(PlaceOf(*entry.value), "env is a table: env = { NAME = \"value\" }");
    for (const Entry& line : EntriesOf(*table)) {
      const std::string value =
          findings_.TextOf(*line.value, Text("the value of ", Escaped(line.key), " in env"));
      const std::string why = WhyNoVariable(line.key, value);
      if (why.empty())
        service_.env.emplace_back(line.key, value);
      else
        findings_.Wrong(line.place, why);
    }
  }

  void ConvertReady(const Entry& entry) {
    service_.ready_place = PlaceOf(*entry.value);
    const auto* node = entry.value->as_string();
    const std::string_view text = node == nullptr ? "" : std::string_view(node->get());
    constexpr std::string_view kExec = "exec:";
    if (text == "notify") {
      service_.ready.how = ReadyRule::How::kNotify;
    } else if (text == "port") {
      service_.ready.how = ReadyRule::How::kPort;
    } else if (text.starts_with(kExec)) {
      service_.ready.how = ReadyRule::How::kExec;
      service_.ready.command = CutAtSpaces(text.substr(kExec.size()));
      if (service_.ready.command.empty() ||
          service_.ready.command[0].find('/') == std::string::npos)
        findings_.Wrong(service_.ready_place,
                        "exec: is followed by a program, which is written with a '/', and its "
                        "arguments: \"exec:./is-up --quiet\"");
    } else {
      findings_.Wrong(service_.ready_place,
                      "a service is ready by \"notify\" (READY=1 to NOTIFY_SOCKET), \"port\" (it "
                      "answers at its places) or \"exec:PROGRAM\" (which exits with 0)");
    }
  }

  void ConvertSecrets(const Entry& entry) {
    service_.secrets_place = entry.place;
    const toml::table* table = entry.value->as_table();
    if (table == nullptr || table->size() > kSecretsMax)
      return findings_.Wrong(PlaceOf(*entry.value),
                             Text("secrets is a table of files, at most ", kSecretsMax,
                                  ": secrets = { TOKEN = \"./token\" }"));
    for (const Entry& line : EntriesOf(*table)) {
      const std::string path =
          findings_.TextOf(*line.value, Text("the file of ", Escaped(line.key), " in secrets"));
      const std::string variable = SecretVariable(line.key);
      std::string why = WhyNoVariable(variable, path);
      for (const auto& [name, value] : service_.env) {
        if (why.empty() && name == variable)
          why = Text(variable, ", in which the service finds the secret, is also in env");
      }
      if (why.empty() && path.empty()) why = Text("the file of ", line.key, " in secrets is empty");
      if (why.empty())
        service_.secrets.emplace_back(line.key, path);
      else
        findings_.Wrong(line.place, why);
    }
  }

  void ConvertPath(const Entry& entry, std::string& path, Place& place) {
    place = PlaceOf(*entry.value);
    path = findings_.TextOf(*entry.value, entry.key);
    if (entry.value->is_string() && (path.empty() || path.find('\0') != std::string::npos))
      findings_.Wrong(place,
                      Text(entry.key, " is a path, seen from this file, such as \"./here\""));
  }

  Findings& findings_;
  ServiceEntry service_;
};

}  // namespace

std::optional<ServiceEntry> ReadService(const Entry& entry, Findings& findings) {
  const toml::table* table = entry.value->as_table();
  if (!IsName(entry.key)) {
    findings.Wrong(entry.place, Text("\"", Escaped(entry.key),
                                     "\" cannot name a service; a name is made of a-z, A-Z, 0-9, "
                                     "'-' and '_', at most 64"));
  } else if (table == nullptr) {
    findings.Wrong(entry.place,
                   Text("service ", entry.key, " is a table: [service.", entry.key, "]"));
  } else {
    return ServiceTable(entry, findings).Read(*table);
  }
  return std::nullopt;
}

}  // namespace jackfield
