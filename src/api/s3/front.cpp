#include "api/s3/front.h"

#include "api/s3/handlers.h"

namespace regesta::api::s3 {
namespace {

using access::Verb;

template <Task (*run)(Exchange&, Core&)>
class Handler final : public http::StreamHandler {
 public:
  explicit Handler(Core& core) : core_(core) {}
  Task handle(Exchange& exchange) override { return run(exchange, core_); }

 private:
  Core& core_;
};

template <Task (*run)(Exchange&, Core&)>
std::shared_ptr<http::StreamHandler> make(Core& core) {
  return std::make_shared<Handler<run>>(core);
}

constexpr std::size_t documentLimit = 8 * 1024 * 1024, smallLimit = 64 * 1024;
constexpr std::string_view files = "files of the experiment that owns the path";
constexpr std::string_view bucket = "/s3/{bucket}", object = "/s3/{bucket}/{key...}";

StreamRoute readingRoute(std::string_view method, std::string_view pattern, std::string_view summary,
                         std::shared_ptr<http::StreamHandler> (*handler)(Core&)) {
  return {method, pattern, summary, reads(files), handler, 1, false, nullptr, enterBucket<Verb::read>};
}
StreamRoute writingRoute(std::string_view method, std::string_view pattern, std::string_view summary,
                         std::shared_ptr<http::StreamHandler> (*handler)(Core&), std::size_t bodyLimit) {
  return {method, pattern, summary, writes(files), handler, bodyLimit, false, nullptr, enterBucket<Verb::write>};
}

}  // namespace

Front front() {
  static const std::vector<StreamRoute> streams{
      {"GET", "/s3", "List buckets", reads("the buckets listed"), make<listBuckets>, 1, false, nullptr, enterFront},
      readingRoute("GET", bucket, "List objects, uploads or the location of a bucket", make<getBucket>),
      {"PUT", bucket, "Create a bucket", administers("all workspaces"), make<putBucket>, smallLimit, false, nullptr,
       enterNewBucket},
      {"DELETE", bucket, "Delete an empty bucket", administers("all workspaces"), make<deleteBucket>, 1, false, nullptr,
       enterNewBucket},
      writingRoute("POST", bucket, "Delete several objects", make<postBucket>, documentLimit),
      readingRoute("GET", object, "Get an object, or list the parts of an upload", make<getObject>),
      writingRoute("PUT", object, "Upload or copy an object or a part", make<putObject>, uploadLimit),
      writingRoute("POST", object, "Create or complete a multipart upload", make<postObject>, documentLimit),
      writingRoute("DELETE", object, "Delete an object, or abort an upload", make<deleteObject>, 1),
  };
  static constexpr std::string_view below[] = {"/s3/"};
  return {.dialect = dialect(), .routes = {}, .prefixes = below, .streams = streams, .renderUnrouted = renderFault};
}

}  // namespace regesta::api::s3
