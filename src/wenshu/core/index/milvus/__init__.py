"""The Milvus index: the only place that knows pymilvus, which is an extra (``wenshu[milvus]``) and loaded on use."""
