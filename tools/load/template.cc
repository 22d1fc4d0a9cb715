#include "tools/load/template.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>

#include "kernel/base/text.h"
#include "kernel/base/units.h"
#include "tools/load/random.h"

namespace jackfield::load {
namespace {

using HoleFill = std::function<void(uint64_t, uint64_t&, std::string&)>;
constexpr std::string_view kHoles[] = {"n", "uniform", "zipf", "pick", "uuid", "bytes"};

absl::Status Bad(std::string_view hole, std::string_view what) {
  return absl::InvalidArgumentError(Text("{{", Escaped(hole), "}}: ", what));
}

std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    const size_t end = std::min(text.find_first_of(" \t", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    text.remove_prefix(end);
  }
}

template <class Number>
bool Read(std::string_view word, Number* number) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), *number);
  return error == std::errc() && end == word.data() + word.size();
}

absl::StatusOr<HoleFill> Uniform(std::string_view hole,
                                 const std::vector<std::string_view>& words) {
  int64_t least = 0, most = 0;
  if (words.size() != 3 || !Read(words[1], &least) || !Read(words[2], &most) || least > most)
    return Bad(hole, "write two whole numbers, the smaller first, such as {{uniform 1 100}}");
  const uint64_t width = static_cast<uint64_t>(most) - static_cast<uint64_t>(least);
  return [least, width](uint64_t, uint64_t& random, std::string& out) {
    const uint64_t above = width == UINT64_MAX ? NextOf(random) : BelowOf(random, width + 1);
    out += std::to_string(static_cast<int64_t>(static_cast<uint64_t>(least) + above));
  };
}

absl::StatusOr<HoleFill> Zipf(std::string_view hole, const std::vector<std::string_view>& words) {
  double count = 0, exponent = 0;  // so that 1e6 may be written
  if (words.size() != 3 || !Read(words[1], &count) || !Read(words[2], &exponent) || count < 1 ||
      count > static_cast<double>(kZipfMax) || count != std::floor(count) || !(exponent > 0) ||
      exponent > 10) {
    return Bad(hole, Text("write how many numbers, 1..", kZipfMax,
                          ", and an exponent above 0 up to 10, such as {{zipf 1000 1.1}}"));
  }
  auto sums = std::make_shared<std::vector<double>>();
  double sum = 0;
  for (uint64_t k = 1; k <= static_cast<uint64_t>(count); ++k)
    sums->push_back(sum += std::pow(static_cast<double>(k), -exponent));
  return [sums = std::move(sums)](uint64_t, uint64_t& random, std::string& out) {
    const double point = UniformOf(random) * sums->back();
    const auto at = std::upper_bound(sums->begin(), sums->end() - 1, point) - sums->begin();
    out += std::to_string(at + 1);
  };
}

void AppendEscaped(std::string_view line, std::string& out) {
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

absl::StatusOr<HoleFill> Pick(std::string_view hole, const ReadFile& read) {
  const size_t path = hole.find_first_not_of(" \t", hole.find("pick") + 4);
  if (path == std::string_view::npos) return Bad(hole, "name a file, such as {{pick names.txt}}");
  const std::string_view name = hole.substr(path, hole.find_last_not_of(" \t") + 1 - path);
  const absl::StatusOr<std::string> text = read(name);
  if (!text.ok()) return text.status();
  auto lines = std::make_shared<std::vector<std::string>>();
  std::string_view rest = *text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    AppendEscaped(line, lines->emplace_back());
  }
  if (lines->empty()) return Bad(hole, "the file is empty");
  if (lines->size() > kPickLinesMax)
    return Bad(hole, Text("the file has more than ", kPickLinesMax, " lines"));
  return [lines = std::move(lines)](uint64_t, uint64_t& random, std::string& out) {
    out += (*lines)[BelowOf(random, lines->size())];
  };
}

void AppendUuid(uint64_t, uint64_t& random, std::string& out) {
  const uint64_t high = (NextOf(random) & ~uint64_t{0xf000}) | 0x4000;                 // version 4
  const uint64_t low = (NextOf(random) & ~(uint64_t{3} << 62)) | (uint64_t{1} << 63);  // variant 1
  char text[40];
  std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16) & 0xffff, static_cast<unsigned>(high) & 0xffff,
                static_cast<unsigned>(low >> 48),
                static_cast<unsigned long long>(low & 0xffffffffffff));
  out += text;
}

absl::StatusOr<HoleFill> Letters(std::string_view hole,
                                 const std::vector<std::string_view>& words) {
  const absl::StatusOr<uint64_t> size =
      words.size() == 2 ? ParseBytes(words[1]) : absl::InvalidArgumentError("");
  if (!size.ok() || *size > kHoleBytesMax) {
    return Bad(hole, Text("write a size of at most ", FormatBytes(kHoleBytesMax),
                          ", such as {{bytes 1KiB}}"));
  }
  return [size = *size](uint64_t, uint64_t& random, std::string& out) {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (uint64_t i = 0; i < size; ++i) out += kLetters[NextOf(random) & 63];
  };
}

absl::StatusOr<HoleFill> FillOf(std::string_view hole, const ReadFile& read) {
  const std::vector<std::string_view> words = WordsOf(hole);
  const std::string_view kind = words.empty() ? "" : words[0];
  if (kind == "uniform") return Uniform(hole, words);
  if (kind == "zipf") return Zipf(hole, words);
  if (kind == "pick") return Pick(hole, read);
  if (kind == "bytes") return Letters(hole, words);
  if ((kind == "n" || kind == "uuid") && words.size() > 1)
    return Bad(hole, Text("nothing stands behind ", kind));
  if (kind == "uuid") return HoleFill(AppendUuid);
  if (kind == "n") return [](uint64_t n, uint64_t&, std::string& out) { out += std::to_string(n); };
  const std::string_view nearest = kind.empty() ? kind : Nearest(kind, kHoles);
  return Bad(hole, nearest.empty() ? Text("there are ", Listed(kHoles))
                                   : Text("did you mean \"", nearest, "\"?"));
}

}  // namespace

absl::StatusOr<Template> Template::Parse(std::string_view text, uint64_t seed,
                                         const ReadFile& read) {
  Template parsed;
  parsed.random_ = seed;
  while (true) {
    const size_t begin = text.find("{{");
    if (begin == std::string_view::npos) break;
    const size_t end = text.find("}}", begin);
    if (end == std::string_view::npos)
      return absl::InvalidArgumentError(
          Text("\"", Escaped(text.substr(begin, 20)), "\" begins a hole that has no }}"));
    absl::StatusOr<HoleFill> fill = FillOf(text.substr(begin + 2, end - begin - 2), read);
    if (!fill.ok()) return fill.status();
    parsed.pieces_.push_back({std::string(text.substr(0, begin)), *std::move(fill)});
    text.remove_prefix(end + 2);
  }
  parsed.pieces_.push_back({std::string(text), nullptr});
  return parsed;
}

std::string Template::Fill(uint64_t n) {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.fill) piece.fill(n, random_, out);
  }
  return out;
}

}  // namespace jackfield::load
