#include "tools/web/site.h"

#include <optional>
#include <utility>

#include "kernel/base/text.h"
#include "tools/figures/page.h"
#include "tools/web/files.h"
#include "tools/web/metrics.h"
#include "tools/web/page_data.h"

namespace jackfield::web {
namespace {

constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kHtmlType = "text/html; charset=utf-8";

Answer RefusalPage(const Refusal& refusal) {
  return {
      .status = refusal.status,
      .type = kHtmlType,
      .body = Text("<!doctype html><html lang=\"en\"><title>jackfield</title><p role=\"alert\">",
                   figures::HtmlText(refusal.sentence), ".</p></html>\n")};
}

Answer Sentence(int status, std::string_view sentence) {
  return {.status = status, .body = Text("jackfield: ", sentence, "\n")};
}

}  // namespace

Answer Site::Reply(const Asked& asked) {
  if (const std::optional<Refusal> refusal = guard_.Check(asked)) {
    Answer answer = has_page() && asked.path == "/" ? RefusalPage(*refusal)
                                                    : Sentence(refusal->status, refusal->sentence);
    if (refusal->status == 405) answer.headers = {{"Allow", "GET"}};
    return answer;
  }
  if (asked.path == "/metrics") return {.type = kMetricsType, .body = MetricsText(watching_.Now())};
  if (has_page()) return Page(asked);
  if (asked.path == "/") return {.body = "the figures of a wiring are at /metrics\n"};
  return Sentence(404, "there is only /metrics here");
}

Answer Site::Page(const Asked& asked) {
  if (asked.path == "/" && !asked.token.empty()) {
    // So that the token stands neither in the history nor in what somebody copies.
    return {.status = 303,
            .body = "",
            .headers = {{"Location", "/"},
                        {"Set-Cookie", Text(cookie_name_, "=", guard_.token(),
                                            "; Path=/; HttpOnly; SameSite=Strict")}}};
  }
  if (asked.path == "/data") return {.type = kJsonType, .body = DataJson(watching_.Now())};
  if (asked.path == "/calls") {
    std::optional<std::string> calls = CallsJson(watching_.Now(), asked.service);
    if (calls) return {.type = kJsonType, .body = *std::move(calls)};
    return Sentence(404, Text("there is no service \"", Escaped(asked.service), "\""));
  }
  if (const std::optional<File> file = FindFile(asked.path))
    return {.type = file->type, .body = std::string(file->text)};
  return Sentence(404, Text("there is nothing at ", Escaped(asked.path)));
}

}  // namespace jackfield::web
