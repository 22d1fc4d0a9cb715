#include "kernel/address.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>

#include "kernel/base/text.h"

namespace jackfield {
namespace {

constexpr size_t kAddressBytesMax = 1024;

bool IsSchemeName(std::string_view name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
    } else if (i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += '%';  // "drop=1%" is what people write
    }
  }
  if (out.find('\0') != std::string::npos) return std::nullopt;
  return out;
}

// The length of the character that `text` begins with, if it can be shown; else 0.
size_t ShownBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::string_view one = text.substr(0, lead < 0x80   ? 1
                                              : lead < 0xe0 ? 2
                                              : lead < 0xf0 ? 3
                                                            : 4);
  return Escaped(one) == one ? one.size() : 0;
}

std::string PercentEncoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    // A percent sign stands for itself, as people write it, unless it would be read as an escape.
    const bool escape =
        c == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    // What cannot be shown, such as a byte that is no UTF-8, never stands in an error as it is.
    const size_t shown_bytes = escape ? 0 : ShownBytes(text.substr(i));
    if (shown_bytes == 0 || c == ' ' || c == '&' || c == '?' || c == '#') {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      out += hex;
      ++i;
    } else {
      out += text.substr(i, shown_bytes);
      i += shown_bytes;
    }
  }
  return out;
}

// "[fe80::1%eth0]" at the beginning of a target (RFC 3986, 3.2.2: an IP literal): its bytes, with
// both brackets; 0 if there is none. Its percent sign stands in front of a zone, which may look
// like an escape ("%17", "%ab8"), and is none.
size_t IpLiteralBytes(std::string_view target) {
  const size_t end = target.find(']');
  if (!target.starts_with('[') || end == std::string_view::npos) return 0;
  const std::string_view literal = target.substr(0, end + 1);
  const bool plain = std::all_of(literal.begin(), literal.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '&' && c != '?' && c != '#';
  });
  return plain && literal.find(':') != std::string_view::npos ? literal.size() : 0;
}

// As RFC 6874 writes it the zone comes behind "%25". An empty zone there is none: of "%25]" the
// zone is 25.
std::string LiteralDecoded(std::string_view literal) {
  const size_t percent = literal.find("%25");
  std::string out(literal);
  if (percent != std::string_view::npos && percent + 4 < literal.size()) out.erase(percent + 1, 2);
  return out;
}

std::string LiteralEncoded(std::string_view literal) {
  std::string out(literal);
  const size_t percent = literal.find("%25");
  if (percent != std::string_view::npos) out.insert(percent + 1, "25");
  return out;
}

absl::Status Bad(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(Text("address \"", Escaped(text.substr(0, 200)), "\": ", why));
}

}  // namespace

absl::StatusOr<Address> Address::Parse(std::string_view text) {
  if (text.size() > kAddressBytesMax)
    return Bad(text, Text("longer than ", kAddressBytesMax, " bytes"));
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return Bad(text, "no scheme; write scheme:target, such as unix:/run/kv.sock");
  }
  Address address;
  std::string_view names = text.substr(0, colon);
  for (size_t plus; (plus = names.find('+')) != std::string_view::npos;
       names.remove_prefix(plus + 1)) {
    if (!IsSchemeName(names.substr(0, plus))) return Bad(text, "bad shim name before '+'");
    address.shims_.emplace_back(names.substr(0, plus));
  }
  if (address.shims_.size() > 8) return Bad(text, "more than 8 shims");
  if (!IsSchemeName(names)) return Bad(text, "bad scheme; it is made of a-z, 0-9, '-' and '.'");
  address.scheme_ = names;

  std::string_view rest = text.substr(colon + 1);
  if (rest.substr(0, 2) == "//") rest.remove_prefix(2);
  const size_t question = rest.find('?');
  const std::string_view written = rest.substr(0, question);
  const size_t literal_bytes = IpLiteralBytes(written);
  std::optional<std::string> target = PercentDecoded(written.substr(literal_bytes));
  if (!target) return Bad(text, "a zero byte in the target");
  address.target_ = LiteralDecoded(written.substr(0, literal_bytes)) + *target;
  if (question == std::string_view::npos) return address;

  std::string_view query = rest.substr(question + 1);
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = pair.find('=');
    std::string key(pair.substr(0, equals));
    if (key.empty()) return Bad(text, "a parameter without a name after '?'");
    if (address.Find(key)) return Bad(text, Text("parameter \"", key, "\" is given twice"));
    // A key without a value is a switch: "?raw".
    std::optional<std::string> value =
        equals == std::string_view::npos ? "" : PercentDecoded(pair.substr(equals + 1));
    if (!value) return Bad(text, Text("a zero byte in parameter \"", key, "\""));
    address.params_.emplace_back(std::move(key), *std::move(value));
  }
  return address;
}

std::string Address::ToString() const {
  std::string text;
  for (const std::string& shim : shims_) text += shim + "+";
  const std::string_view target = target_;
  const size_t literal_bytes = IpLiteralBytes(target);
  text += scheme_ + ":" + LiteralEncoded(target.substr(0, literal_bytes)) +
          PercentEncoded(target.substr(literal_bytes));
  char separator = '?';
  for (const auto& [key, value] : params_) {
    text += separator + key;
    if (!value.empty()) text += "=" + PercentEncoded(value);
    separator = '&';
  }
  return text;
}

std::optional<std::string_view> Address::Find(std::string_view key) const {
  for (const auto& [k, value] : params_) {
    if (k == key) return value;
  }
  return std::nullopt;
}

absl::Status Address::CheckKeys(std::span<const std::string_view> known) const {
  for (const auto& [key, value] : params_) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string_view nearest = Nearest(key, known);
    if (!nearest.empty())
      return Bad(ToString(),
                 Text("no parameter \"", Escaped(key), "\"; did you mean \"", nearest, "\"?"));
    return Bad(ToString(),
               Text("no parameter \"", Escaped(key), "\"; known here: ", Listed(known)));
  }
  return absl::OkStatus();
}

Address Address::With(std::string key, std::string value) const {
  Address copy = Without(key);
  copy.params_.emplace_back(std::move(key), std::move(value));
  return copy;
}

Address Address::Without(std::string_view key) const {
  Address copy = *this;
  std::erase_if(copy.params_, [key](const auto& param) { return param.first == key; });
  return copy;
}

Address Address::Secured() const {
  Address copy = *this;
  copy.secured_ = true;
  return copy;
}

Address Address::WithOuterShim(std::string_view shim) const {
  Address copy = *this;
  copy.shims_.insert(copy.shims_.begin(), std::string(shim));
  return copy;
}

Address Address::WithTarget(std::string target) const {
  Address copy = *this;
  copy.target_ = std::move(target);
  return copy;
}

Address Address::WithoutOuterShim() const {
  Address copy = *this;
  copy.shims_.erase(copy.shims_.begin());
  return copy;
}

}  // namespace jackfield
