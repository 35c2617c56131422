#include "api/graphql_route.h"

#include "api/graphql_schema.h"
#include "api/mlflow/graphql.h"
#include "api/wandb/dialect.h"
#include "api/wandb/execute.h"

namespace regesta::api {
namespace {

Plain graphqlRequest(Call& call, const Empty&) {
  http::Response answer;
  try {
    answer.body = wandb::execute(call, call.http.body);
    answer.status = call.status;
  } catch (const graphql::UnknownRoot&) {
    auto body = mlflow::executeGraphql(call, call.http.body);
    if (!body) throw;
    answer.body = std::move(*body);
  }
  return answer;
}

}  // namespace

Front graphqlFront() {
  static constexpr std::string_view below[] = {"/graphql"};
  static const Route routes[] = {rawBody(
      post("/graphql", "Run a GraphQL request of a client of W&B or MLflow", waiting(signedIn()), graphqlRequest))};
  return {.dialect = wandb::dialect(), .routes = routes, .prefixes = below};
}

}  // namespace regesta::api
