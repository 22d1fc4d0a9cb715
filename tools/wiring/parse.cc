// The one file that includes toml++: it takes seconds to compile.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <fcntl.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "kernel/base/owned_fd.h"
#include "kernel/base/text.h"
#include "services/service.h"
#include "tools/cli/arguments.h"
#include "tools/wiring/wiring.h"

namespace jackfield {
namespace {

constexpr std::string_view kTopKeys[] = {"jackfield", "name", "over", "service"};
constexpr std::string_view kServiceKeys[] = {"run", "calls", "serve", "grace", "limits"};
constexpr std::string_view kLimitKeys[] = {"memory"};
constexpr std::string_view kCallKeys[] = {"service", "over", "at", "one_way"};

// What the design foresees and this version does not do: said, rather than ignored.
struct NotYet {
  std::string_view key, what_happens;
};
constexpr NotYet kTopNotYet[] = {{"load", "there is no `jackfield load` yet"}};
constexpr NotYet kServiceNotYet[] = {
    {"restart", "a service that dies ends the wiring"},
    {"topics", "there is no topics service yet"},
    {"ready", "a service is ready when it says so itself (Service::Serve does)"},
    {"env", "a service has the environment of the shell that starts it"},
};

constexpr NotYet kLimitNotYet[] = {
    {"nofile", "a service has the descriptors of the shell that starts it (ulimit -n)"},
};

Place PlaceOf(const toml::source_position& position) { return {position.line, position.column}; }
Place PlaceOf(const toml::node& node) { return PlaceOf(node.source().begin); }
Place PlaceOf(const toml::key& key) { return PlaceOf(key.source().begin); }

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// A table's entries in the order of the file; toml++ keeps them by name.
struct Entry {
  std::string key;
  Place place;
  const toml::node* value;
};
std::vector<Entry> EntriesOf(const toml::table& table) {
  std::vector<Entry> entries;
  for (const auto& [key, value] : table)
    entries.push_back({std::string(key.str()), PlaceOf(key), &value});
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return a.place.line != b.place.line ? a.place.line < b.place.line
                                        : a.place.column < b.place.column;
  });
  return entries;
}

class Converter {
 public:
  explicit Converter(std::string_view file) { wiring_.file = file; }

  absl::StatusOr<Wiring> Convert(const toml::table& root) {
    if (!root.contains("jackfield"))
      Wrong({1, 1}, "the first line should be: jackfield = 1   (the format of this file)");
    for (const Entry& entry : EntriesOf(root)) {
      if (entry.key == "jackfield") {
        if (entry.value->value<int64_t>() != 1)
          Wrong(PlaceOf(*entry.value),
                "this program reads wiring files of format 1: jackfield = 1");
      } else if (entry.key == "name") {
        wiring_.name = TextOf(*entry.value, "name");
      } else if (entry.key == "over") {
        wiring_.over = TextOf(*entry.value, "over");
        wiring_.over_place = PlaceOf(*entry.value);
      } else if (entry.key == "service") {
        ConvertServices(entry);
      } else {
        WrongKey(entry, kTopKeys, kTopNotYet, "");
      }
    }
    if (wiring_.services.empty() && wrongs_.empty())
      Wrong({1, 1}, "no services; a service is a table: [service.NAME] with a line run = …");
    if (!wrongs_.empty()) return absl::InvalidArgumentError(wrongs_);
    return std::move(wiring_);
  }

 private:
  void Wrong(Place place, std::string_view sentence) {
    if (!wrongs_.empty()) wrongs_ += "\n";
    wrongs_ += Text(Prefix(wiring_.file, place), sentence);
  }

  void WrongKey(const Entry& entry, std::span<const std::string_view> known,
                std::span<const NotYet> not_yet, std::string_view where) {
    for (const NotYet& future : not_yet) {
      if (future.key == entry.key)
        return Wrong(entry.place, Text("\"", entry.key, "\" is not supported yet: ",
                                       future.what_happens, "; leave it out"));
    }
    const std::string guess = DidYouMean(entry.key, known);
    Wrong(entry.place, Text("unknown key \"", Escaped(entry.key), "\"", where,
                            guess.empty() ? Text("; known here: ", Listed(known)) : guess));
  }

  std::string TextOf(const toml::node& node, std::string_view what) {
    const auto* text = node.as_string();
    if (text == nullptr)
      Wrong(PlaceOf(node), Text(what, " is a text in quotes, such as \"unix:\""));
    return text == nullptr ? "" : text->get();
  }

  void ConvertServices(const Entry& entry) {
    const toml::table* table = entry.value->as_table();
    if (table == nullptr)
      return Wrong(entry.place, "service is a table of services: [service.NAME]");
    if (table->size() > kServicesMax)
      return Wrong(entry.place,
                   Text(table->size(), " services; a wiring has at most ", kServicesMax));
    for (const Entry& service : EntriesOf(*table)) ConvertService(service);
  }

  void ConvertService(const Entry& entry) {
    if (!IsName(entry.key)) {
      return Wrong(entry.place, Text("\"", Escaped(entry.key),
                                     "\" cannot name a service; a name is made of a-z, A-Z, 0-9, "
                                     "'-' and '_', at most 64"));
    }
    const toml::table* table = entry.value->as_table();
    if (table == nullptr)
      return Wrong(entry.place,
                   Text("service ", entry.key, " is a table: [service.", entry.key, "]"));
    ServiceEntry service;
    service.name = entry.key;
    service.place = entry.place;
    for (const Entry& line : EntriesOf(*table)) {
      if (line.key == "run")
        ConvertRun(line, service);
      else if (line.key == "calls")
        ConvertCalls(line, service);
      else if (line.key == "serve")
        ConvertServe(line, service);
      else if (line.key == "grace")
        ConvertGrace(line, service);
      else if (line.key == "limits")
        ConvertLimits(line, service);
      else
        WrongKey(line, kServiceKeys, kServiceNotYet, Text(" in service ", entry.key));
    }
    if (!table->contains("run"))
      Wrong(entry.place,
            Text("service ", entry.key,
                 " has no line run = …, the built-in service or the program that it is"));
    wiring_.services.push_back(std::move(service));
  }

  void ConvertGrace(const Entry& entry, ServiceEntry& service) {
    const auto* text = entry.value->as_string();
    const absl::StatusOr<int64_t> grace_ns =
        text == nullptr ? absl::InvalidArgumentError("it is a text, such as \"2s\"")
                        : ParseGraceNs(text->get());
    if (!grace_ns.ok())
      return Wrong(PlaceOf(*entry.value),
                   Text("grace: ", std::string(grace_ns.status().message())));
    service.grace_ns = *grace_ns;
  }

  void ConvertRun(const Entry& entry, ServiceEntry& service) {
    service.run_place = PlaceOf(*entry.value);
    if (const auto* text = entry.value->as_string()) {
      if (text->get().find_first_of("\"'\\") != std::string::npos) {
        Wrong(service.run_place,
              "run is cut at its spaces, and quotes mean nothing in it; write run = [\"program\", "
              "\"an argument\"]");
      }
      std::string_view rest = text->get();
      while (!rest.empty()) {
        const size_t end = std::min(rest.find_first_of(" \t\n"), rest.size());
        if (end > 0) service.run.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    } else if (const auto* array = entry.value->as_array()) {
      for (const toml::node& word : *array) service.run.push_back(TextOf(word, "each part of run"));
    } else {
      return Wrong(service.run_place,
                   "run is a text, or an array of texts: the built-in service or the program, then "
                   "its arguments");
    }
    for (const std::string& word : service.run) {
      if (word.find('\0') != std::string::npos)
        Wrong(service.run_place, "an argument cannot hold a zero byte");
    }
    if (service.run.empty() || service.run[0].empty())
      Wrong(service.run_place, "run is empty; it names a built-in service or a program");
  }

  void ConvertServe(const Entry& entry, ServiceEntry& service) {
    const auto add = [&](const toml::node& node) {
      const std::string address = TextOf(node, "each address in serve");
      for (const ServeEntry& other : service.serves) {
        if (other.address == address)
          return Wrong(PlaceOf(node), Text("service ", service.name, " serves at \"",
                                           Escaped(address), "\" twice"));
      }
      service.serves.push_back({address, PlaceOf(node)});
    };
    if (entry.value->is_string()) return add(*entry.value);
    const auto* array = entry.value->as_array();
    if (array == nullptr || array->size() > kServeEntriesMax) {
      return Wrong(PlaceOf(*entry.value), Text("serve is an address, or an array of at most ",
                                               kServeEntriesMax, ": [\"tcp://127.0.0.1:7000\"]"));
    }
    for (const toml::node& address : *array) add(address);
  }

  void ConvertCalls(const Entry& entry, ServiceEntry& service) {
    if (const auto* array = entry.value->as_array()) {
      for (const toml::node& name : *array) {
        const std::string text = TextOf(name, "each service in calls");
        AddCall(
            {.role = text, .service = text, .place = PlaceOf(name), .over_place = PlaceOf(name)},
            service);
      }
    } else if (const auto* table = entry.value->as_table()) {
      for (const Entry& call : EntriesOf(*table)) ConvertCall(call, service);
    } else {
      Wrong(PlaceOf(*entry.value),
            "calls is { ROLE = \"unix:\" } or an array of services: [\"kv\"]");
    }
  }

  void ConvertLimits(const Entry& entry, ServiceEntry& service) {
    const toml::table* table = entry.value->as_table();
    if (table == nullptr) return Wrong(PlaceOf(*entry.value), "limits is { memory = \"64MiB\" }");
    for (const Entry& line : EntriesOf(*table)) {
      if (line.key != "memory") {
        WrongKey(line, kLimitKeys, kLimitNotYet, Text(" in the limits of ", service.name));
        continue;
      }
      const auto* text = line.value->as_string();
      const absl::StatusOr<uint64_t> bytes =
          ParseMemoryBytes(text == nullptr ? "a number" : text->get());
      if (bytes.ok())
        service.memory_bytes = *bytes;
      else
        Wrong(PlaceOf(*line.value), std::string(bytes.status().message()));
    }
  }

  void ConvertCall(const Entry& entry, ServiceEntry& service) {
    CallEntry call{.role = entry.key,
                   .service = entry.key,
                   .place = entry.place,
                   .over_place = PlaceOf(*entry.value)};
    if (const auto* text = entry.value->as_string()) {
      call.over = text->get();
    } else if (const auto* table = entry.value->as_table()) {
      for (const Entry& line : EntriesOf(*table)) {
        if (line.key == "service") {
          call.service = TextOf(*line.value, "service");
        } else if (line.key == "over") {
          call.over = TextOf(*line.value, "over");
          call.over_place = PlaceOf(*line.value);
        } else if (line.key == "at") {
          call.at = TextOf(*line.value, "at");
          call.over_place = PlaceOf(*line.value);
        } else if (line.key == "one_way") {
          if (const auto* one_way = line.value->as_boolean())
            call.one_way = one_way->get();
          else
            Wrong(PlaceOf(*line.value), "one_way is true or false");
        } else {
          WrongKey(line, kCallKeys, {}, Text(" in the call of ", Escaped(entry.key)));
        }
      }
      if (table->contains("at") && (table->contains("service") || table->contains("over"))) {
        return Wrong(call.over_place,
                     "at says where a service runs that is none of this wiring: no service and no "
                     "over stands beside it");
      }
    } else {
      return Wrong(PlaceOf(*entry.value),
                   "a call is ROLE = \"unix:\" or ROLE = { service = \"NAME\", over = \"unix:\" }");
    }
    AddCall(std::move(call), service);
  }

  void AddCall(CallEntry call, ServiceEntry& service) {
    if (!IsName(call.role))
      return Wrong(call.place,
                   Text("\"", Escaped(call.role),
                        "\" cannot name a role; a name is made of a-z, A-Z, 0-9, '-' and '_'"));
    for (const CallEntry& other : service.calls) {
      if (other.role == call.role)
        return Wrong(call.place,
                     Text("service ", service.name, " calls \"", call.role, "\" twice"));
    }
    if (service.calls.size() == kCallEntriesMax)
      return Wrong(call.place,
                   Text("service ", service.name, " calls more than ", kCallEntriesMax, " others"));
    service.calls.push_back(std::move(call));
  }

  Wiring wiring_;
  std::string wrongs_;
};

// Does the name stand for a descriptor that this program was started with? Whoever says so means
// what comes through it.
bool IsDescriptor(std::string_view file) {
  for (const std::string_view name : {"/dev/stdin", "/dev/fd/", "/proc/self/fd/"}) {
    if (file.substr(0, name.size()) == name) return true;
  }
  return false;
}

std::string_view KindOf(mode_t mode) {
  return S_ISDIR(mode)    ? "directory"
         : S_ISFIFO(mode) ? "FIFO"
         : S_ISSOCK(mode) ? "socket"
                          : "device";
}

std::vector<std::string_view> KeysOf(const toml::table& table) {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : table) keys.push_back(key.str());
  return keys;
}

// calls = ["kv"] becomes calls = { kv = … }, so that --set …calls.kv=… finds it.
void NameEntries(toml::node*& node, toml::table& parent, std::string_view key) {
  toml::table named;
  for (const toml::node& entry : *node->as_array()) {
    if (const auto* text = entry.as_string()) named.insert(text->get(), toml::table{});
  }
  parent.insert_or_assign(key, std::move(named));
  node = parent.get(key);
}

absl::Status Set(toml::table& root, const std::string& set) {
  const auto bad = [&set](std::string_view why) {
    return absl::FailedPreconditionError(Text("--set ", Escaped(set), ": ", why));
  };
  const size_t equals = set.find('=');
  if (equals == 0 || equals == std::string::npos)
    return bad("write --set KEY=VALUE, such as --set service.orders.calls.kv=unix:");
  const std::string_view path = std::string_view(set).substr(0, equals);
  const std::string value = set.substr(equals + 1);
  toml::table* table = &root;
  size_t begin = 0;
  for (size_t dot; (dot = path.find('.', begin)) != std::string_view::npos; begin = dot + 1) {
    const std::string_view key = path.substr(begin, dot - begin);
    toml::node* node = table->get(key);
    if (node != nullptr && node->is_array()) NameEntries(node, *table, key);
    if (node == nullptr && key == "calls")
      node = &table->insert_or_assign(key, toml::table{}).first->second;
    if (node == nullptr || !node->is_table()) {
      return bad(Text("there is no ", begin == 0 ? "table " : Text(path.substr(0, begin - 1), " "),
                      "\"", Escaped(key), "\"", DidYouMean(key, KeysOf(*table))));
    }
    table = node->as_table();
  }
  const std::string_view last = path.substr(begin);
  if (last.empty()) return bad("a key is empty");
  // A role that has a table of its own keeps the service that it names.
  if (toml::node* role = table->get(last);
      role != nullptr && role->is_table() && path.find(".calls.") != std::string_view::npos) {
    table = role->as_table();
    table->insert_or_assign(table->contains("at") ? "at" : "over", value);
    return absl::OkStatus();
  }
  toml::parse_result parsed = toml::parse(Text("value = ", value));
  if (parsed && parsed.table().contains("value") && parsed.table().size() == 1 &&
      value.find('\n') == std::string::npos) {
    toml::node& node = *parsed.table().get("value");
    // Copied, not moved: a copy has no place in a file, which is the truth about it.
    node.visit([&](const auto& concrete) { table->insert_or_assign(last, concrete); });
  } else {
    table->insert_or_assign(last, value);
  }
  return absl::OkStatus();
}

}  // namespace

std::string Prefix(std::string_view file, Place place) {
  if (place.line == 0) return Text(file, ", as changed by the command line: ");
  return Text(file, ":", place.line, ":", place.column, ": ");
}

absl::StatusOr<Wiring> ParseWiring(std::string_view file, std::string_view text,
                                   std::span<const std::string> sets) {
  toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    return absl::InvalidArgumentError(
        Text(Prefix(file, PlaceOf(parsed.error().source().begin)), parsed.error().description()));
  }
  for (const std::string& set : sets) {
    if (absl::Status status = Set(parsed.table(), set); !status.ok()) return status;
  }
  return Converter(file).Convert(parsed.table());
}

absl::StatusOr<Wiring> ReadWiring(const std::string& file, std::span<const std::string> sets) {
  const auto cannot = [&file](int error) {
    const std::string text =
        Text("cannot read the wiring file ", Escaped(file), ": ", std::strerror(error));
    return error == ENOENT ? absl::NotFoundError(text) : absl::UnavailableError(text);
  };
  if (file.empty()) return absl::NotFoundError("the name of the wiring file is empty");
  const bool stream = IsDescriptor(file);
  const OwnedFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | (stream ? 0 : O_NONBLOCK | O_NOCTTY)));
  if (!fd.ok()) return cannot(errno);
  struct stat is {};
  if (fstat(fd.get(), &is) != 0) return cannot(errno);
  if (!S_ISREG(is.st_mode) && !stream) {
    return absl::InvalidArgumentError(Text(
        Escaped(file), " is a ", KindOf(is.st_mode), ", and a wiring is a file",
        S_ISFIFO(is.st_mode) ? "; one that comes through a pipe is read from /dev/stdin" : ""));
  }
  std::string text;
  char part[16'384];
  ssize_t got = 0;
  while (text.size() <= kWiringBytesMax && (got = read(fd.get(), part, sizeof part)) > 0)
    text.append(part, static_cast<size_t>(got));
  if (got < 0) return cannot(errno);
  if (text.size() > kWiringBytesMax)
    return absl::InvalidArgumentError(Text(file, ": larger than 1 MiB; is it a wiring file?"));
  return ParseWiring(file, text, sets);
}

}  // namespace jackfield
