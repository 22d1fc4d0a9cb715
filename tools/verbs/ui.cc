#include "tools/verbs/ui.h"

#include "tools/verbs/start_web.h"
#include "tools/web/verbs.h"

namespace jackfield {

Verb UiVerb() {
  Verb verb = web::UiVerb();
  verb.run = [](const Program&, const Arguments& arguments) { return StartWeb("ui", arguments); };
  return verb;
}

}  // namespace jackfield
