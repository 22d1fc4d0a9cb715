#include "tools/trace/export.h"

#include <cstdio>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kernel/base/text.h"
#include "kernel/trace.h"
#include "tools/cli/program.h"
#include "tools/cli/time_text.h"

namespace jackfield::trace {
namespace {

// 16 digits, as in a traceparent.
std::string HexOf(uint64_t id) { return Traceparent({.span_id = id}).substr(36, 16); }

// Of the end at a service: the call has one id for both.
uint64_t SpanAtService(const Call& call) {
  return call.at_caller ? call.span_id ^ 0x9e3779b97f4a7c15u : call.span_id;
}

std::string CodeText(uint8_t code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

std::string Microseconds(int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(ns / 1000),
                static_cast<long long>(ns % 1000));
  return text;
}

class List {
 public:
  void Add(std::string_view entry) {
    if (!text_.empty()) text_ += ",\n";
    text_ += entry;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// ---- Chrome.

class Chrome {
 public:
  void Add(const Trace& trace) {
    for (const Call& call : trace.calls) {
      if (call.at_caller) {
        Slice(trace, call, call.caller, *call.at_caller, "call", call.span_id);
        if (call.at_service) {
          Flow(trace, call.caller, call.span_id, call.at_caller->begun_ns, "s");
          Flow(trace, call.service, call.span_id, call.at_service->begun_ns, "f");
        }
      }
      if (call.at_service)
        Slice(trace, call, call.service, *call.at_service, "handle", SpanAtService(call));
    }
  }
  std::string Text() const {
    return jackfield::Text("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", events_.text(),
                           "\n]}\n");
  }

 private:
  size_t ProcessOf(const std::string& service) {
    const auto [found, is_new] = processes_.try_emplace(service, processes_.size() + 1);
    if (is_new) {
      events_.Add(jackfield::Text("{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":", found->second,
                                  ",\"args\":{\"name\":", JsonString(service), "}}"));
    }
    return found->second;
  }
  std::string Begin(const Trace& trace, const std::string& service, int64_t ns, const char* phase) {
    const size_t process = ProcessOf(service);
    return jackfield::Text("{\"ph\":\"", phase, "\",\"pid\":", process,
                           ",\"tid\":1,\"ts\":", Microseconds(ns + trace.realtime_ahead_ns));
  }
  void Slice(const Trace& trace, const Call& call, const std::string& service, const End& end,
             const char* category, uint64_t id) {
    const std::string name = jackfield::Text(",\"cat\":\"", category, "\",\"id\":\"0x", HexOf(id),
                                             "\",\"name\":", JsonString(call.method));
    events_.Add(
        jackfield::Text(Begin(trace, service, end.begun_ns, "b"), name, ",\"args\":{\"trace\":\"",
                        trace.Id(), "\",\"code\":\"", CodeText(end.code),
                        "\",\"waited_us\":", Microseconds(end.handled_ns - end.begun_ns), "}}"));
    events_.Add(jackfield::Text(Begin(trace, service, end.ended_ns, "e"), name, "}"));
  }
  void Flow(const Trace& trace, const std::string& service, uint64_t id, int64_t ns,
            const char* phase) {
    events_.Add(jackfield::Text(Begin(trace, service, ns, phase),
                                ",\"cat\":\"way\",\"name\":\"way\",\"id\":\"0x", HexOf(id), "\"}"));
  }

  List events_;
  std::map<std::string, size_t> processes_;
};

// ---- OpenTelemetry.

std::string OtlpAttribute(std::string_view key, std::string_view value) {
  return Text("{\"key\":\"", key, "\",\"value\":{\"stringValue\":", JsonString(value), "}}");
}

std::string OtlpSpan(const Trace& trace, const Call& call, uint64_t parent, bool at_service) {
  const End& end = at_service ? *call.at_service : *call.at_caller;
  const size_t slash = call.method.rfind('/');
  std::string text = Text("{\"traceId\":\"", trace.Id(), "\",\"spanId\":\"",
                          HexOf(at_service ? SpanAtService(call) : call.span_id), "\"");
  if (parent != 0) text += Text(",\"parentSpanId\":\"", HexOf(parent), "\"");
  text += Text(",\"name\":", JsonString(call.method), ",\"kind\":", at_service ? 2 : 3,
               ",\"startTimeUnixNano\":\"", end.begun_ns + trace.realtime_ahead_ns,
               "\",\"endTimeUnixNano\":\"", end.ended_ns + trace.realtime_ahead_ns,
               "\",\"attributes\":[", OtlpAttribute("rpc.system", "jackfield"));
  if (slash != std::string::npos) {
    text += Text(",", OtlpAttribute("rpc.service", call.method.substr(0, slash)), ",",
                 OtlpAttribute("rpc.method", call.method.substr(slash + 1)));
  }
  text += Text(",", OtlpAttribute("jackfield.peer", at_service ? call.caller : call.service), "]");
  if (at_service && end.handled_ns > end.begun_ns) {
    text += Text(",\"events\":[{\"timeUnixNano\":\"", end.handled_ns + trace.realtime_ahead_ns,
                 "\",\"name\":\"handler begins\"}]");
  }
  text += end.code == 0
              ? std::string(",\"status\":{\"code\":1}}")
              : Text(",\"status\":{\"code\":2,\"message\":\"", CodeText(end.code), "\"}}");
  return text;
}

std::string EndJson(const std::optional<End>& end, int64_t ahead_ns, bool at_service) {
  if (!end) return "null";
  std::string text = Text("{\"begun\":\"", TimeText(end->begun_ns + ahead_ns, 9),
                          "\",\"took_ns\":", end->ended_ns - end->begun_ns);
  if (at_service) text += Text(",\"waited_ns\":", end->handled_ns - end->begun_ns);
  return Text(text, ",\"code\":\"", CodeText(end->code), "\"}");
}

}  // namespace

std::string ChromeJsonOf(std::span<const Trace> traces) {
  Chrome chrome;
  for (const Trace& trace : traces) chrome.Add(trace);
  return chrome.Text();
}

std::string OtlpJsonOf(std::span<const Trace> traces) {
  std::map<std::string, List> services;
  for (const Trace& trace : traces) {
    std::map<uint64_t, uint64_t> handles;  // the span of a call → that of its handling
    for (const Call& call : trace.calls)
      handles[call.span_id] = call.at_service ? SpanAtService(call) : call.span_id;
    for (const Call& call : trace.calls) {
      const auto made_by = handles.find(call.parent_id);
      const uint64_t parent = made_by == handles.end() ? call.parent_id : made_by->second;
      if (call.at_caller) services[call.caller].Add(OtlpSpan(trace, call, parent, false));
      if (call.at_service) {
        services[call.service].Add(
            OtlpSpan(trace, call, call.at_caller ? call.span_id : parent, true));
      }
    }
  }
  List resources;
  for (const auto& [service, spans] : services) {
    resources.Add(Text("{\"resource\":{\"attributes\":[", OtlpAttribute("service.name", service),
                       "]},\"scopeSpans\":[{\"scope\":{\"name\":\"jackfield\"},\"spans\":[\n",
                       spans.text(), "\n]}]}"));
  }
  return Text("{\"resourceSpans\":[\n", resources.text(), "\n]}\n");
}

std::string JsonLineOf(const Trace& trace) {
  std::string text = Text("{\"trace\":\"", trace.Id(), "\",\"begun\":\"",
                          TimeText(trace.begun_ns() + trace.realtime_ahead_ns, 9),
                          "\",\"took_ns\":", trace.took_ns(), ",\"calls\":[");
  for (const Call& call : trace.calls) {
    text +=
        Text(&call == &trace.calls.front() ? "" : ",", "{\"span\":\"", HexOf(call.span_id),
             "\",\"parent\":",
             call.parent_id == 0 ? std::string("null") : Text("\"", HexOf(call.parent_id), "\""),
             ",\"caller\":", JsonString(call.caller), ",\"service\":", JsonString(call.service),
             ",\"method\":", JsonString(call.method),
             ",\"at_caller\":", EndJson(call.at_caller, trace.realtime_ahead_ns, false),
             ",\"at_service\":", EndJson(call.at_service, trace.realtime_ahead_ns, true), "}");
  }
  return text + "]}";
}

}  // namespace jackfield::trace
