#include "tools/recording/recording.h"

#include <algorithm>
#include <optional>
#include <set>

#include "flatbuffers/flexbuffers.h"
#include "flatbuffers/idl.h"
#include "kernel/base/text.h"
#include "tools/cli/program.h"

namespace jackfield::recording {
namespace {

// A JSON value of any shape, by FlatBuffers' parser. nullopt: it is none.
std::optional<std::vector<uint8_t>> FlexOf(std::string_view json) {
  flatbuffers::Parser parser;
  flexbuffers::Builder builder;
  if (!parser.ParseFlexBuffer(std::string(json).c_str(), nullptr, &builder)) return std::nullopt;
  return builder.GetBuffer();
}

std::string TextIn(const flexbuffers::Map& map, const char* key) {
  const flexbuffers::Reference value = map[key];
  return value.IsString() ? value.AsString().str() : std::string();
}

std::string Shown(const flexbuffers::Reference& value) {
  return value.IsNull() ? "nothing" : Escaped(value.ToString());
}

std::string Inner(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : Text(path, ".", name);
}

void Compare(const std::string& path, const flexbuffers::Reference& before,
             const flexbuffers::Reference& now, size_t max, std::vector<std::string>& found) {
  if (found.size() >= max) return;
  if (before.IsMap() && now.IsMap()) {
    const flexbuffers::Map was = before.AsMap(), is = now.AsMap();
    std::set<std::string> names;
    for (const flexbuffers::Map* map : {&was, &is}) {
      for (size_t i = 0; i < map->Keys().size(); ++i) names.insert(map->Keys()[i].AsKey());
    }
    for (const std::string& name : names)
      Compare(Inner(path, name), was[name.c_str()], is[name.c_str()], max, found);
    return;
  }
  if (before.IsAnyVector() && now.IsAnyVector() && !before.IsMap() && !now.IsMap()) {
    const flexbuffers::Vector was = before.AsVector(), is = now.AsVector();
    for (size_t i = 0; i < std::max(was.size(), is.size()); ++i)
      Compare(Text(path, "[", i, "]"), was[i], is[i], max, found);
    return;
  }
  if (before.ToString() != now.ToString())
    found.push_back(Text(path.empty() ? "the answer" : path, ": ", Shown(before), " before, ",
                         Shown(now), " now"));
}

}  // namespace

std::string HeadLine(std::string_view service) {
  return Text("{\"jackfield_recording\":", kVersion, ",\"service\":", JsonString(service), "}");
}

std::string LineOf(const Call& call) {
  std::string line = Text("{\"after_ns\":", call.after_ns, ",\"method\":", JsonString(call.method),
                          ",\"request\":", JsonString(call.request));
  if (!call.code.empty()) line += Text(",\"code\":", JsonString(call.code));
  if (!call.answer.empty()) line += Text(",\"answer\":", JsonString(call.answer));
  return line + "}";
}

absl::StatusOr<Recording> Parse(std::string_view text) {
  Recording recording;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto wrong = [number](std::string_view what) {
      return absl::InvalidArgumentError(Text("line ", number, ": ", what));
    };
    const std::optional<std::vector<uint8_t>> flex = FlexOf(line);
    if (!flex.has_value()) return wrong("this is no JSON");
    const flexbuffers::Reference root = flexbuffers::GetRoot(*flex);
    if (!root.IsMap()) return wrong("this is no JSON object");
    const flexbuffers::Map map = root.AsMap();
    if (number == 1) {
      if (!map["jackfield_recording"].IsIntOrUint())
        return wrong("this is no recording; jackfield record makes one");
      if (map["jackfield_recording"].AsInt64() != kVersion)
        return wrong("this recording is of another version of the program");
      recording.service = TextIn(map, "service");
      continue;
    }
    Call call{.after_ns = map["after_ns"].AsInt64(),
              .method = TextIn(map, "method"),
              .request = TextIn(map, "request"),
              .code = TextIn(map, "code"),
              .answer = TextIn(map, "answer")};
    if (call.method.empty() || call.request.empty())
      return wrong("a call has a method and a request");
    recording.calls.push_back(std::move(call));
  }
  return recording;
}

std::vector<std::string> Differences(std::string_view before, std::string_view now, size_t max) {
  std::vector<std::string> found;
  if (before == now) return found;
  const auto was = FlexOf(before), is = FlexOf(now);
  if (was.has_value() && is.has_value())
    Compare("", flexbuffers::GetRoot(*was), flexbuffers::GetRoot(*is), max, found);
  // The same values, written otherwise, are the same; what is no JSON is compared as it stands.
  if (!was.has_value() || !is.has_value())
    found.push_back(Text("the answer: ", Escaped(before), " before, ", Escaped(now), " now"));
  return found;
}

}  // namespace jackfield::recording
