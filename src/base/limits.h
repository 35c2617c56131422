#pragma once
#include <cstddef>
#include <cstdint>

/// Named limits that clients or load can reach; prompts' are in limits_delivery.h. In bytes unless the name says
/// otherwise. A bound that only one file uses (the size of a piece, a pause) is defined there.
namespace regesta::limits {

inline constexpr std::size_t jsonDepth = 64;                      // levels of nesting
inline constexpr std::size_t wholeBody = 8 * 1024 * 1024;         // a request body that is read before its handler runs
inline constexpr std::size_t inflatedBody = 32 * 1024 * 1024;     // of a packed request body, unpacked
inline constexpr std::size_t bufferedBodies = 160 * 1024 * 1024;  // whole bodies in memory, all connections together
inline constexpr std::size_t requestHead = 64 * 1024;             // request line and headers
inline constexpr std::int64_t inlineMicros = 1000;                // a handler that others on its I/O thread wait for
inline constexpr std::int64_t slowRouteMillis = 60'000;           // how long a route stays off it after a longer one
inline constexpr std::size_t ledgerEntry = 65'535;                // C2SP tlog-tiles: the length is a uint16
inline constexpr std::size_t policyText = 256 * 1024;
inline constexpr std::size_t templateText = 64 * 1024;
inline constexpr std::size_t policyBracketDepth = 8;  // the engine's parser doubles its time with each level
inline constexpr std::size_t policyOperators =
    2000;                                         // in one statement; the engine's parser and evaluator recurse on them
inline constexpr std::size_t policyModules = 64;  // files of one policy
inline constexpr std::size_t promptFile = 1024 * 1024;           // one prompt in a folder or a Git repository
inline constexpr std::size_t yamlValues = 100'000;               // in one document, after its aliases were followed
inline constexpr std::size_t templateDepth = 32;                 // sections, blocks and conditions within each other
inline constexpr std::size_t partialDepth = 5;                   // prompts that prompts are made of, as Langfuse has it
inline constexpr std::size_t partialsOfPrompt = 100;             // all together, through every level
inline constexpr std::size_t problems = 200;                     // that one lint names
inline constexpr std::size_t renderVariables = 4 * 1024 * 1024;  // JSON of the variables of one rendering
inline constexpr std::size_t renderedText = 4 * 1024 * 1024;     // one rendered text, and a composed one
inline constexpr std::size_t renderSteps = 1'000'000;            // tags and texts put out, repetitions counted
inline constexpr std::size_t promptVariables = 50'000;           // declared and used ones of one prompt
inline constexpr std::size_t promptMessages = 1000;              // in one chat prompt
inline constexpr std::size_t pageSize = 1000;                    // rows in one native API page
inline constexpr std::size_t nameLength = 250;
inline constexpr std::size_t flags = 2000;  // aliases of prompts in one bulk evaluation or flag file
inline constexpr std::size_t descriptionLength = 5000;
inline constexpr std::size_t tagValueLength = 100'000;

// Tests of prompts.
inline constexpr std::size_t testSuite = 1024 * 1024;  // canonical JSON of all cases
inline constexpr std::size_t testCases = 1000;
inline constexpr std::size_t testAssertions = 100;  // of one case

// Tracking, as MLflow has them; lengths of texts in characters.
inline constexpr std::size_t trackingKeyLength = 250;  // metric, param, run tag and experiment tag keys
inline constexpr std::size_t paramValueLength = 6000;
inline constexpr std::size_t runTagValueLength = 8000;
inline constexpr std::size_t experimentTagValueLength = 20'000;
inline constexpr std::size_t experimentNameLength = 500;
inline constexpr std::size_t artifactLocationLength = 2048;
inline constexpr std::size_t batchMetrics = 1000;  // items in one log-batch
inline constexpr std::size_t batchTexts = 100;     // params, and tags, in one log-batch
inline constexpr std::size_t batchItems = 1000;
inline constexpr std::size_t batchDatasets = 10'000;  // in one log-inputs; MLflow's client sends at most 1000
inline constexpr std::size_t datasetNameLength = 500;
inline constexpr std::size_t datasetDigestLength = 36;
inline constexpr std::size_t datasetSourceLength = 65'535;
inline constexpr std::size_t datasetSchemaLength = 1'048'575;
inline constexpr std::size_t datasetProfileLength = 16'777'215;
inline constexpr std::size_t inputTagKeyLength = 255;
inline constexpr std::size_t inputTagValueLength = 500;
inline constexpr std::size_t trackingSearchResults = 50'000;  // runs or experiments in one page
inline constexpr std::size_t searchAnswer =
    32 * 1024 * 1024;                            // bytes of summaries in one page; a page of larger runs ends early
inline constexpr std::size_t historyRuns = 100;  // runs in one bulk history request
inline constexpr std::size_t historyPoints = 25'000;  // points in one bulk history answer
inline constexpr std::size_t sampledPoints = 2500;    // points a run in one sampled history answer
inline constexpr std::size_t modelNameLength = 500;   // logged models: name, type
inline constexpr std::size_t modelTagKeyLength = 255;
inline constexpr std::size_t modelTexts = 10'000;  // tags of one experiment; params, and tags, of one logged model
inline constexpr std::size_t runSummary =
    8 * 1024 * 1024;  // bytes of all latest metrics, of all params, of all tags of one run

// Traces.
inline constexpr std::int64_t traceLinks = 1'000'000;  // of all traces: which version of a prompt they used; the newest
inline constexpr std::int64_t tracedValues = 200'000;  // scores, assessments and links of traces; the newest
inline constexpr std::int64_t valuesPerTrace = 1000;   // that a later link of the trace still reports
inline constexpr std::size_t traceIdLength = 50;       // in characters, as MLflow's column has it
inline constexpr std::size_t traceTagValueLength = 8000;
inline constexpr std::size_t traceTexts = 1000;        // tags, and entries of metadata, of one trace
inline constexpr std::size_t tracePreview = 1000;      // characters
inline constexpr std::size_t traceAssessments = 1000;  // of one trace
inline constexpr std::size_t assessmentNameLength = 250;
inline constexpr std::size_t assessmentIdLength = 50;
inline constexpr std::size_t assessmentSize = 256 * 1024;  // value, rationale and metadata together
inline constexpr std::size_t spanBody = 4 * 1024 * 1024;   // one span's attributes and events
inline constexpr std::size_t spansPerTrace = 20'000;
inline constexpr std::size_t traceLinksPerCall = 100;         // MLflow's own
inline constexpr std::size_t traceSearchResults = 500;        // MLflow's own
inline constexpr std::size_t spansAnswer = 64 * 1024 * 1024;  // bytes of spans in one answer

// Git: what one push may bring.
inline constexpr std::size_t gitPack = 64 * 1024 * 1024;
inline constexpr std::size_t gitObjects = 200'000;             // objects in one pack
inline constexpr std::size_t gitObject = 8 * 1024 * 1024;      // one object, unpacked
inline constexpr std::size_t gitUnpacked = 512 * 1024 * 1024;  // all objects of one pack, unpacked
inline constexpr std::size_t gitDeltaDepth = 4095;             // as Git itself limits it
inline constexpr std::size_t gitParents = 64;                  // of one commit
inline constexpr std::size_t gitTreeDepth = 32;                // folders within folders
inline constexpr std::size_t gitCommands = 1000;               // refs that one push changes
inline constexpr std::size_t gitRefs = 100'000;                // of one repository
inline constexpr std::size_t gitRequest = 8 * 1024 * 1024;     // what a fetch asks for, unpacked

}  // namespace regesta::limits
