"""What is searched: index port, embedded and Milvus adapters, the filter grammar and its printers."""
