// Text in the format that Prometheus reads (version 0.0.4), family by family.
//
//   Exposition text;
//   text.Begin("jackfield_service_up", Exposition::Type::kGauge, "1 if it is ready.");
//   text.Add({{"service", "stock"}}, 1);
//
// Thread: its owner's; a plain value.
#ifndef JACKFIELD_TOOLS_WEB_EXPOSITION_H_
#define JACKFIELD_TOOLS_WEB_EXPOSITION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield::web {

class Exposition {
 public:
  enum class Type { kCounter, kGauge, kSummary };
  // Names are literals; values may be any text.
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  // What is added from then on belongs to it. A family without samples is left out.
  // Requires: a name of letters and '_'; help of one line.
  void Begin(std::string_view name, Type type, std::string_view help);
  void Add(const Labels& labels, uint64_t value);
  void AddSeconds(const Labels& labels, int64_t ns);

  const std::string& text() const { return text_; }

 private:
  void AddLine(const Labels& labels, std::string_view value);

  std::string text_, head_, name_;  // head_: not written yet
};

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_EXPOSITION_H_
