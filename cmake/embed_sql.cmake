# Writes the numbered SQL files into one C++ file: an array of {name, text} that db/migrate.cpp reads.
set(code "#include \"db/migrate.h\"\nnamespace regesta::db {\nconst std::vector<Migration>& embeddedMigrations() {\n  static const std::vector<Migration> all = {\n")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND code "    {\"${name}\", R\"~sql~(${text})~sql~\"},\n")
endforeach()
string(APPEND code "  };\n  return all;\n}\n}  // namespace regesta::db\n")
file(WRITE ${OUT} "${code}")
