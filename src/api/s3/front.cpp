#include "api/s3/front.h"

#include "api/s3/handlers.h"

namespace regesta::api::s3 {
namespace {

using access::Verb;

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
      {"GET", "/s3", "List buckets", reads("the buckets listed"), makeStream<listBuckets>, 1, false, nullptr,
       enterFront},
      readingRoute("GET", bucket, "List objects, uploads or the location of a bucket", makeStream<getBucket>),
      {"PUT", bucket, "Create a bucket", administers("all workspaces"), makeStream<putBucket>, smallLimit, false,
       nullptr, enterNewBucket},
      {"DELETE", bucket, "Delete an empty bucket", administers("all workspaces"), makeStream<deleteBucket>, 1, false,
       nullptr, enterNewBucket},
      writingRoute("POST", bucket, "Delete several objects", makeStream<postBucket>, documentLimit),
      readingRoute("GET", object, "Get an object, or list the parts of an upload", makeStream<getObject>),
      writingRoute("PUT", object, "Upload or copy an object or a part", makeStream<putObject>, uploadLimit),
      writingRoute("POST", object, "Create or complete a multipart upload", makeStream<postObject>, documentLimit),
      writingRoute("DELETE", object, "Delete an object, or abort an upload", makeStream<deleteObject>, 1),
  };
  static constexpr std::string_view below[] = {"/s3/"};
  return {.dialect = dialect(), .routes = {}, .prefixes = below, .streams = streams};
}

}  // namespace regesta::api::s3
