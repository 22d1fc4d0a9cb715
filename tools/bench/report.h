// What a measurement found, for people (an aligned table of at most 80 columns) and for programs
// (JSON, one object a line).
#ifndef JACKFIELD_TOOLS_BENCH_REPORT_H_
#define JACKFIELD_TOOLS_BENCH_REPORT_H_

#include <memory>
#include <string>
#include <vector>

#include "tools/bench/histogram.h"
#include "tools/bench/options.h"
#include "tools/bench/run.h"

namespace jackfield::bench {

// All rounds of the bus, or of the floor, at one address.
class Series {
 public:
  explicit Series(std::string name)
      : name(std::move(name)), latency_(std::make_unique<Histogram>()) {}

  void Add(Mode mode, const Run& run);

  // By which two series are compared: the p50 of each round in mode latency, else its rate.
  const std::vector<double>& figures() const { return figures_; }
  const Histogram& latency() const { return *latency_; }
  uint64_t count() const { return count_; }
  double per_second() const {
    return elapsed_ns_ == 0 ? 0
                            : static_cast<double>(count_) * 1e9 / static_cast<double>(elapsed_ns_);
  }
  double gb_per_second(uint64_t size_bytes) const {
    return per_second() * static_cast<double>(size_bytes) / 1e9;
  }
  // Of one call or message.
  double client_cpu_ns() const { return client_cpu_ns_ / std::max(1.0, cpu_count_); }
  double server_cpu_ns() const { return server_cpu_ns_ / std::max(1.0, cpu_count_); }

  const std::string name;

 private:
  std::unique_ptr<Histogram> latency_;
  std::vector<double> figures_;
  uint64_t count_ = 0;
  int64_t elapsed_ns_ = 0;
  double client_cpu_ns_ = 0, server_cpu_ns_ = 0, cpu_count_ = 0;
};

// What the bus costs beside its medium, round by round; 1.0 is the medium, more is slower.
struct Ratio {
  double median = 0, least = 0, most = 0;
  double cpu = 0;  // CPU time of a call or message, both sides together: it hardly minds what else
                   // the machine does
};
Ratio Compare(Mode mode, const Series& bus, const Series& floor);

// The result at one address.
struct Row {
  Series bus;
  std::unique_ptr<Series> floor;  // nullptr: none was measured
};

// A line for the bus and, if there is one, a line for the floor.
std::string Json(const Options& options, const Row& row);

std::string TableHead(const Options& options);
std::string TableLines(const Options& options, const Row& row);

}  // namespace jackfield::bench

#endif  // JACKFIELD_TOOLS_BENCH_REPORT_H_
