#include "base/error.h"
#include "db/database.h"

namespace regesta::db {

std::unique_ptr<Database> openPostgres(const std::string&, std::size_t) {
  throw Error(Code::unsupported, "PostgreSQL");
}

}  // namespace regesta::db
