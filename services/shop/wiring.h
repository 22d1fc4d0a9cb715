// shop.toml, as a part of the program: for `jackfield demo`, which needs no file.
//
// Thread: any.
#ifndef JACKFIELD_SERVICES_SHOP_WIRING_H_
#define JACKFIELD_SERVICES_SHOP_WIRING_H_

#include <string_view>

namespace jackfield::shop {

inline constexpr std::string_view kShopWiring =
#include "services/shop/shop_toml.inc"
    ;

}  // namespace jackfield::shop

#endif  // JACKFIELD_SERVICES_SHOP_WIRING_H_
