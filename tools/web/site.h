// What is answered to a request: the figures of a wiring, and with a token also its page.
//
// Thread: one.
#ifndef JACKFIELD_TOOLS_WEB_SITE_H_
#define JACKFIELD_TOOLS_WEB_SITE_H_

#include <string>

#include "tools/web/guard.h"
#include "tools/web/http_server.h"
#include "tools/web/watching.h"

namespace jackfield::web {

class Site {
 public:
  // token: "": there is no page, and the figures are for everybody who can ask. cookie_name: in
  // which the page keeps the token. Requires: `watching` outlives it.
  Site(Watching& watching, std::string token, std::string cookie_name)
      : watching_(watching), guard_(std::move(token)), cookie_name_(std::move(cookie_name)) {}

  // /metrics; and with a token: / (with the token in its URL: sets the cookie and leads to itself
  // without), its files, /data and /calls?service=NAME.
  Answer Reply(const Asked& asked);

 private:
  Answer Page(const Asked& asked);
  bool has_page() const { return !guard_.token().empty(); }

  Watching& watching_;
  Guard guard_;
  std::string cookie_name_;
};

}  // namespace jackfield::web

#endif  // JACKFIELD_TOOLS_WEB_SITE_H_
