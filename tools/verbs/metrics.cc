#include "tools/verbs/metrics.h"

#include "tools/verbs/start_web.h"
#include "tools/web/verbs.h"

namespace jackfield {

Verb MetricsVerb() {
  Verb verb = web::MetricsVerb();
  verb.run = [](const Program&, const Arguments& arguments) {
    return StartWeb("metrics", arguments);
  };
  return verb;
}

}  // namespace jackfield
