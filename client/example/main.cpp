// example URL NAME [KEY]: prints a prompt each time a line comes in, so that one can watch it change.
#include <iostream>
#include <string>

#include <regesta/prompts.h>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: example URL NAME [KEY]\n";
    return 2;
  }
  regesta::PromptClientOptions options;
  options.url = argv[1];
  options.freshFor = std::chrono::milliseconds(50);
  options.refreshWithin = std::chrono::milliseconds(0);
  regesta::PromptClient client(options);
  for (std::string line; std::getline(std::cin, line);) {
    try {
      auto prompt = client.get(argv[2], "production", argc > 3 ? argv[3] : "");
      std::cout << prompt->version << (prompt->stale ? " stale" : " fresh") << " " << prompt->text << std::endl;
    } catch (const regesta::PromptError& error) {
      std::cout << "error " << error.status << " " << error.what() << std::endl;
    }
  }
}
